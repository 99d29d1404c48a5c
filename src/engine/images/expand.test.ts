// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the Dockerfile's variables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandWord, splitWords } from './expand.ts';

const VALUES: Readonly<Record<string, string>> = { x: 'one', empty: '', path: '/a/b/c.tar.gz' };
const expand = (text: string) => expandWord(text, (name) => VALUES[name], '\\');

test('variables are replaced in all the forms of the Dockerfile reference', () => {
  const cases: [string, string][] = [
    ['$x-${x}', 'one-one'],
    ['$missing.', '.'],
    ['\\$x', '$x'],
    ['"$x y"', 'one y'],
    ["'$x'", '$x'],
    ['${missing:-a$x}', 'aone'],
    ['${empty:-d}', 'd'],
    ['${empty-d}', ''],
    ['${x:+yes}${missing:+no}', 'yes'],
    ['${empty+set}', 'set'],
    ['${path##*/}', 'c.tar.gz'],
    ['${path#*/}', 'a/b/c.tar.gz'],
    ['${path%.*}', '/a/b/c.tar'],
    ['${path%%.*}', '/a/b/c'],
    ['${path/b/B}', '/a/B/c.tar.gz'],
    ['${path//\\//-}', '-a-b-c.tar.gz'],
    ['"a \\"b\\""', 'a "b"'],
    ['cost: 5$', 'cost: 5$'],
  ];
  for (const [text, wanted] of cases) assert.equal(expand(text), wanted, text);
});

test('a variable that must be set stops the build with its message', () => {
  assert.throws(() => expand('${missing:?give it}'), /missing: give it/);
  assert.throws(() => expand('${x'), /unsupported modifier|missing \}/);
  assert.throws(() => expand('"open'), /not closed/);
});

test('words end at blanks outside quotes and braces', () => {
  assert.deepEqual(splitWords('a="b c" d=e\\ f ${g:-h i} \'j k\'', '\\'), ['a="b c"', 'd=e\\ f', '${g:-h i}', "'j k'"]);
});
