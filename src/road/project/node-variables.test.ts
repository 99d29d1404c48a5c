import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskComments } from './mask.ts';
import { nodeVariables } from './node-variables.ts';

const found = (code: string): string[] =>
  nodeVariables('app.js', maskComments(code, 'node')).map(
    ({ name, fallback, source }) => `${name}=${fallback} ${source}`,
  );

test('a default after ??, || or inside a number call is found with its line', () => {
  assert.deepEqual(
    found(
      [
        "const a = process.env.A ?? 'one';",
        'const b = process.env.B || "two";',
        'const c = Number(process.env.C ?? 3000);',
        'const d = Number(process.env.D) || 4_000;',
        'const e = parseInt(process.env.E, 10) || 5000;',
        "const f = process.env['F'];",
        'const g = process.env.G ?? `seven`;',
        'const h = process.env.H === "true";',
      ].join('\n'),
    ),
    [
      'A=one app.js:1',
      'B=two app.js:2',
      'C=3000 app.js:3',
      'D=4000 app.js:4',
      'E=5000 app.js:5',
      'F=undefined app.js:6',
      'G=seven app.js:7',
      'H=undefined app.js:8',
    ],
  );
});

test('destructuring is read with defaults and new names', () => {
  assert.deepEqual(found("const {\n  HOST = 'localhost',\n  PORT: port = 80,\n  TOKEN,\n} = process.env;"), [
    'HOST=localhost app.js:2',
    'PORT=80 app.js:3',
    'TOKEN=undefined app.js:4',
  ]);
});

test('an alias of process.env is followed', () => {
  assert.deepEqual(found("const env = process.env;\nconst url = env.DATABASE_URL || 'mysql://root@localhost/app';"), [
    'DATABASE_URL=mysql://root@localhost/app app.js:2',
  ]);
});

test('comments, assignments and variables of the platform are no settings of the app', () => {
  assert.deepEqual(
    found(
      "// process.env.OLD\n/* process.env.OLDER */\nprocess.env.CHILD = 'x';\nif (process.env.NODE_ENV === 'production') {}\nconst u = 'http://x'; const k = process.env.KEPT;",
    ),
    ['KEPT=undefined app.js:5'],
  );
});
