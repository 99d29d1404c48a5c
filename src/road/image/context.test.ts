import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyContext, readContext } from './context.ts';

const root = mkdtempSync(join(tmpdir(), 'context-'));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, 'app/node_modules/x'), { recursive: true });
const app = join(root, 'app');
writeFileSync(join(app, 'server.js'), 'one');
writeFileSync(join(app, 'notes.log'), 'noise');
writeFileSync(join(app, 'node_modules/x/index.js'), '');
writeFileSync(join(app, 'run.sh'), '#!/bin/sh\n');
chmodSync(join(app, 'run.sh'), 0o755);
symlinkSync('server.js', join(app, 'main.js'));
const IGNORE = 'node_modules\n*.log\n';

test('ignored files are neither counted nor hashed', () => {
  const before = readContext(app, IGNORE, 'FROM scratch');
  assert.deepEqual(before.files, ['main.js', 'run.sh', 'server.js']);
  writeFileSync(join(app, 'notes.log'), 'other noise');
  assert.equal(readContext(app, IGNORE, 'FROM scratch').hash, before.hash);
});

test('the hash changes with content, mode, name and Dockerfile, not with times', () => {
  const hash = (): string => readContext(app, IGNORE, 'FROM scratch').hash;
  const before = hash();
  writeFileSync(join(app, 'server.js'), 'one');
  assert.equal(hash(), before);
  assert.notEqual(readContext(app, IGNORE, 'FROM debian').hash, before);
  chmodSync(join(app, 'run.sh'), 0o644);
  assert.notEqual(hash(), before);
  chmodSync(join(app, 'run.sh'), 0o755);
  writeFileSync(join(app, 'server.js'), 'two');
  assert.notEqual(hash(), before);
  writeFileSync(join(app, 'server.js'), 'one');
  assert.equal(hash(), before);
});

test('an exception inside an ignored folder is kept', () => {
  const { files } = readContext(app, 'node_modules\n!node_modules/x/index.js\n', '');
  assert.ok(files.includes('node_modules/x/index.js'));
});

test('a copy carries contents, modes and links', () => {
  const target = join(root, 'copy');
  copyContext(readContext(app, IGNORE, ''), target);
  assert.equal(readFileSync(join(target, 'server.js'), 'utf8'), 'one');
  assert.equal(statSync(join(target, 'run.sh')).mode & 0o777, 0o755);
  assert.equal(readlinkSync(join(target, 'main.js')), 'server.js');
});
