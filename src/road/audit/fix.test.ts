import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Edit, Finding } from './contract.ts';
import { applyFixes } from './fix.ts';
import { withFolder } from './sample-app.ts';

const finding = (message: string, ...edits: Edit[]): Finding => ({
  rule: 'port-fixed',
  title: '',
  factor: 'port-binding',
  severity: 'note',
  file: edits[0]?.path ?? '',
  line: 1,
  message,
  why: '',
  fix: '',
  fixable: true,
  edits,
});

test('edits of one file are made from its end, whatever their order', () =>
  withFolder({ 'a.txt': 'one two three' }, async (directory) => {
    const first = finding('first', { path: 'a.txt', at: 0, remove: 'one', insert: 'first' });
    const last = finding('last', { path: 'a.txt', at: 8, remove: 'three', insert: '3' });
    const fixed = applyFixes(directory, [first, last]);
    assert.deepEqual(fixed, { files: ['a.txt'], findings: [first, last], left: [] });
    assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'first two 3');
  }));

test('what stands there no more, and the second of two at one place, is left', () =>
  withFolder({ 'a.txt': 'one two' }, async (directory) => {
    const first = finding('first', { path: 'a.txt', at: 0, remove: 'one', insert: '1' });
    const second = finding('second', { path: 'a.txt', at: 1, remove: 'ne t', insert: 'x' });
    const gone = finding('gone', { path: 'a.txt', at: 4, remove: 'three', insert: '3' });
    const beyond = finding('beyond', { path: 'a.txt', at: 99, remove: '', insert: 'x' });
    const fixed = applyFixes(directory, [first, second, gone, beyond]);
    assert.deepEqual(fixed.findings, [first]);
    assert.deepEqual(fixed.left, [second, gone, beyond]);
    assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), '1 two');
  }));

test('a finding is mended wholly or not at all', () =>
  withFolder({ 'a.txt': 'one', 'b.txt': 'two' }, async (directory) => {
    writeFileSync(join(directory, 'b.txt'), 'changed');
    const both = finding(
      'both',
      { path: 'a.txt', at: 0, remove: 'one', insert: '1' },
      { path: 'b.txt', at: 0, remove: 'two', insert: '2' },
    );
    assert.deepEqual(applyFixes(directory, [both]).left, [both]);
    assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'one');
  }));

test('two findings that append to one file both get their line, and the same line is written once', () =>
  withFolder({ '.gitignore': 'dist\n' }, async (directory) => {
    const line = (text: string): Finding =>
      finding(text, { path: '.gitignore', at: 5, remove: '', insert: `${text}\n` });
    applyFixes(directory, [line('.env'), line('.env.local'), line('.env')]);
    assert.equal(readFileSync(join(directory, '.gitignore'), 'utf8'), 'dist\n.env\n.env.local\n');
  }));

test('a file that is not there yet is written', () =>
  withFolder({}, async (directory) => {
    applyFixes(directory, [finding('new', { path: '.dockerignore', at: 0, remove: '', insert: '.git\n' })]);
    assert.equal(readFileSync(join(directory, '.dockerignore'), 'utf8'), '.git\n');
  }));
