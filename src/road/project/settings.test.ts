import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from './contract.ts';
import { nearest } from './nearest.ts';
import { readSettings } from './settings.ts';

const read = (text: string): Settings =>
  readSettings({ directory: '/app', paths: ['wherry.yaml'], has: () => true, read: () => text });
const refusal = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'was taken';
};

test('a value keeps its spelling as an environment has it', () => {
  const { environment } = read('environment:\n  MODE: 0644\n  ON: yes\n  RATE: 1.50\n  NAME: "x y"\n');
  assert.deepEqual(
    Object.entries(environment ?? {}).map(([name, { value, source }]) => `${name}=${value} ${source}`),
    ['MODE=0644 wherry.yaml:2', 'ON=yes wherry.yaml:3', 'RATE=1.50 wherry.yaml:4', 'NAME=x y wherry.yaml:5'],
  );
});

test('what is exposed is a type or a port of the nodes', () => {
  const { exposed } = read('exposed:\n  database: NodePort\n  web: 30080\n');
  assert.deepEqual(
    Object.entries(exposed ?? {}).map(([part, { value }]) => [part, value]),
    [
      ['database', 'NodePort'],
      ['web', 30_080],
    ],
  );
  assert.match(
    refusal('exposed:\n  web: 80\n'),
    /^wherry\.yaml:2: exposed\.web must be NodePort, LoadBalancer or a port from 30000 to 32767, not 80/,
  );
});

test('a hook is one command or several, each with its line', () => {
  assert.deepEqual(read('hooks:\n  before: node a.js\n  after:\n    - node b.js\n    - node c.js\n').hooks, {
    before: [{ value: 'node a.js', source: 'wherry.yaml:2' }],
    after: [
      { value: 'node b.js', source: 'wherry.yaml:4' },
      { value: 'node c.js', source: 'wherry.yaml:5' },
    ],
  });
});

test('every wrong value is told with its line, its path, the rule and an example', () => {
  const cases: [string, RegExp][] = [
    [
      'replicas: 0\n',
      /^wherry\.yaml:1: replicas must be a whole number from 1 to 1000, not 0\nFor example: replicas: 3/,
    ],
    ['name: 7\n', /^wherry\.yaml:1: name must be a text, not 7/],
    ['environment: x\n', /^wherry\.yaml:1: environment must be a map, not "x"/],
    [
      'environment:\n  A: [1]\n',
      /^wherry\.yaml:2: environment\.A must be a text, a number or true or false, not \[1\]/,
    ],
    ['environment:\n  A:\n', /^wherry\.yaml:2: environment\.A must be .* not null/],
    ['environment:\n  "A B": 1\n', /^wherry\.yaml:2: "A B" cannot name a variable/],
    ['external:\n  mysqll: db\n', /^wherry\.yaml:2: unknown setting external\.mysqll\nDid you mean external\.mysql\?/],
    ['canary: []\n', /^wherry\.yaml:1: canary must be a list with at least one step/],
    [
      'canary:\n  - weightPercent: 120\n',
      /^wherry\.yaml:2: canary\[0\]\.weightPercent must be a number from 0 to 100, not 120/,
    ],
    [
      'gates:\n  errorPercentMax: -1\n',
      /^wherry\.yaml:2: gates\.errorPercentMax must be a number from 0 to 100, not -1/,
    ],
    ['hooks:\n  after: [1]\n', /^wherry\.yaml:2: hooks\.after\[0\] must be a text, not 1/],
    ['accept:\n  - rule: logs\n', /^wherry\.yaml:2: accept\[0\] must be a finding with rule and reason/],
    ['name: a\nname: b\n', /^wherry\.yaml:2:1: Map keys must be unique/],
  ];
  for (const [text, expected] of cases) assert.match(refusal(text), expected);
});

test('an empty file decides nothing', () => {
  assert.deepEqual(read(''), {});
  assert.deepEqual(read('# nothing yet\n'), {});
});

test('the nearest word is one that a slip of the finger away, not any word', () => {
  assert.equal(nearest('replica', ['replicas', 'start']), 'replicas');
  assert.equal(nearest('enviroment', ['environment', 'external']), 'environment');
  assert.equal(nearest('colour', ['name', 'port']), undefined);
});
