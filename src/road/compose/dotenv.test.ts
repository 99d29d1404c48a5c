// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of compose files
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDotenv } from './dotenv.ts';

const read = (text: string, format?: 'raw'): Record<string, string> =>
  Object.fromEntries(
    parseDotenv(text, '.env', (name) => (name === 'AROUND' ? 'outside' : undefined), format).map(({ name, value }) => [
      name,
      value,
    ]),
  );

test('lines are read as compose reads them', () => {
  const text = [
    '\uFEFF# first a comment',
    '',
    'PLAIN = a value  # and why',
    'HASH=a#b',
    'export EXPORTED=1',
    'YAML: style',
    "SINGLE='$AROUND # \\n kept'",
    'DOUBLE="a\\tb \\"c\\" $AROUND \\$KEPT # kept"',
    'LINES="one',
    'two"',
    'EMPTY=',
    'REF=${PLAIN}!',
    'AROUND',
    'UNKNOWN',
    'WITH.DOT-AND[0]=x',
    'LAST=no line end\r',
  ].join('\n');
  assert.deepEqual(read(text), {
    PLAIN: 'a value',
    HASH: 'a#b',
    EXPORTED: '1',
    YAML: 'style',
    SINGLE: '$AROUND # \\n kept',
    DOUBLE: 'a\tb "c" outside $KEPT # kept',
    LINES: 'one\ntwo',
    EMPTY: '',
    REF: 'a value!',
    AROUND: 'outside',
    'WITH.DOT-AND[0]': 'x',
    LAST: 'no line end',
  });
});

test('a raw file is taken as it stands', () => {
  assert.deepEqual(read('A="b" $C # d\nE=\n', 'raw'), { A: '"b" $C # d', E: '' });
});

test('each entry knows its line', () => {
  const entries = parseDotenv('A=1\n\n# x\nB="two\nlines"\nC=3\n', '.env', () => undefined);
  assert.deepEqual(
    entries.map(({ name, line }) => [name, line]),
    [
      ['A', 1],
      ['B', 4],
      ['C', 6],
    ],
  );
});

test('a mistake is told with its line and never with a value', () => {
  const says = (text: string, message: RegExp): void => {
    assert.throws(
      () => read(text),
      (error: Error) => message.test(error.message) && !error.message.includes('s3cret'),
    );
  };
  says('A=1\nTWO WORDS=s3cret\n', /^\.env:2: "TWO WORDS" has a space in its name/);
  says('A="s3cret\n', /^\.env:1: a double quote is never closed/);
  says('=s3cret\n', /^\.env:1: "" is no NAME=value/);
  says('A=${s3cret', /^\.env:1/);
});
