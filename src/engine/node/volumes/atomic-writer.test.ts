import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeAtomically } from './atomic-writer.ts';
import { type PayloadFile, VolumeError } from './payload.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-volume-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));
const files = (entries: Record<string, string>, mode = 0o644) =>
  new Map(
    Object.entries(entries).map(([path, text]): [string, PayloadFile] => [path, { content: Buffer.from(text), mode }]),
  );

test('a payload is swapped as a whole and seen through ..data', async () => {
  assert.equal(await writeAtomically(directory, files({ a: '1', 'deep/b': '2' }), undefined), true);
  const first = readlinkSync(join(directory, '..data'));
  assert.equal(readFileSync(join(directory, 'deep/b'), 'utf8'), '2');
  assert.equal(await writeAtomically(directory, files({ a: '1', 'deep/b': '2' }), undefined), false);
  assert.equal(readlinkSync(join(directory, '..data')), first);

  assert.equal(await writeAtomically(directory, files({ a: '3', c: '4' }), undefined), true);
  const second = readlinkSync(join(directory, '..data'));
  assert.notEqual(second, first);
  assert.deepEqual(readdirSync(directory).sort(), [second, '..data', 'a', 'c'].sort());
  assert.equal(readFileSync(join(directory, 'a'), 'utf8'), '3');
});

test('a change of mode alone is a change', async () => {
  await writeAtomically(directory, files({ a: '3' }), undefined);
  assert.equal(await writeAtomically(directory, files({ a: '3' }, 0o400), undefined), true);
  assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o400);
});

test('a group may read whatever its owner may', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
  await writeAtomically(directory, files({ a: '5' }, 0o400), 123);
  const found = statSync(join(directory, 'a'));
  assert.deepEqual([found.gid, found.mode & 0o777], [123, 0o440]);
});

test('paths that lead out of the volume are refused', async () => {
  for (const path of ['../a', '/a', 'a/../b', '..hidden'])
    await assert.rejects(writeAtomically(directory, files({ [path]: '' }), undefined), VolumeError, path);
});
