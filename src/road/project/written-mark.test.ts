import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProject } from './read-project.ts';
import { markOf, withMark } from './written-mark.ts';

test('a text with a mark is known until somebody changes it', () => {
  const text = withMark('FROM debian\nUSER 1\n');
  assert.match(text, /^# Written by wherry; .*\(mark [0-9a-f]{16}\)\.\nFROM debian\n/);
  assert.equal(markOf(text), 'unchanged');
  assert.equal(markOf(text.replaceAll('\n', '\r\n')), 'unchanged');
  assert.equal(markOf(text.replace('USER 1', 'USER 2')), 'changed');
  assert.equal(markOf(`${text}RUN true\n`), 'changed');
  assert.equal(markOf('FROM debian\n'), undefined);
});

test('what must be the first line stays the first line', () => {
  assert.match(withMark('#!/bin/sh\ntrue\n'), /^#!\/bin\/sh\n# Written/);
  assert.match(withMark('# syntax=docker/dockerfile:1\nFROM a\n'), /^# syntax=.*\n# Written/);
  assert.equal(markOf(withMark('#!/bin/sh\ntrue\n')), 'unchanged');
  const section = withMark('text\n', ['<!--', '-->']);
  assert.match(section, /^<!-- Written .* -->\ntext\n$/);
  assert.equal(markOf(section), 'unchanged');
});

test("wherry's own files say nothing about the app; a Dockerfile that was changed does", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"name":"shop","scripts":{"start":"node a.js"}}');
    writeFileSync(join(folder, 'a.js'), 'server.listen(process.env.PORT ?? 3000)');
    const own = withMark('FROM node:22\nEXPOSE 4000\n');
    writeFileSync(join(folder, 'Dockerfile'), own);
    writeFileSync(join(folder, '.env.example'), withMark('DATABASE_PASSWORD=\n'));
    writeFileSync(join(folder, '.env'), withMark('OTHER_PASSWORD=\n').replace('=', '=filled'));
    const facts = await readProject(folder);
    assert.equal(facts.dockerfile, undefined);
    assert.equal(facts.port.value, 3000);
    assert.deepEqual(
      facts.variables.map(({ name }) => name),
      ['PORT'],
    );
    writeFileSync(join(folder, 'Dockerfile'), own.replace('4000', '5000'));
    assert.equal((await readProject(folder)).port.value, 5000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
