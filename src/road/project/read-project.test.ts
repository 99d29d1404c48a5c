import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/index.ts';
import type { Facts } from './contract.ts';
import { labelOf, readProject } from './read-project.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function folder(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  made.push(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

const read = (files: Record<string, string>): Promise<Facts> => readProject(folder(files));

/** The message of the refusal, with the folder's own path taken out. */
async function refusal(files: Record<string, string>): Promise<string> {
  const directory = folder(files);
  try {
    await readProject(directory);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message.replaceAll(directory, 'FOLDER');
  }
  throw new Error('was not refused');
}

const manifest = (fields: object): string => JSON.stringify({ name: 'shop', ...fields }, null, 2);
const said = (fact: { value: unknown; source: string } | undefined): string | undefined =>
  fact && `${fact.value} (${fact.source})`;

test('the TypeScript example is read with the place of every fact', async () => {
  const facts = await readProject(join(process.cwd(), 'examples/users'));
  assert.equal(said(facts.name), 'users (package.json:2)');
  assert.equal(said(facts.languageVersion), '24 (package.json:9)');
  assert.equal(said(facts.framework), 'fastify (package.json:18)');
  assert.equal(said(facts.build), 'npm run build (package.json:12)');
  assert.equal(said(facts.start), 'node dist/server.js (package.json:14)');
  assert.equal(said(facts.port), '8080 (src/settings.ts:9)');
  assert.equal(said(facts.portVariable), 'PORT (src/settings.ts:9)');
  assert.equal(said(facts.seed), 'dbsetup.sql (dbsetup.sql:1)');
  assert.deepEqual(
    facts.services.map(({ kind, source }) => `${kind} (${source})`),
    ['mysql (package.json:19)'],
  );
  assert.deepEqual(
    facts.variables.map(
      ({ name, service, secret }) => `${name} ${service?.part ?? '-'} ${secret ? 'secret' : 'plain'}`,
    ),
    [
      'PORT - plain',
      'DATABASE_HOST host plain',
      'DATABASE_USER user plain',
      'DATABASE_PASSWORD password secret',
      'DATABASE_NAME name plain',
    ],
  );
  assert.deepEqual(
    facts.routes.filter(({ role }) => role).map(({ path, role }) => `${path} ${role}`),
    ['/version version', '/health health', '/ready ready', '/metrics metrics'],
  );
  assert.deepEqual(facts.notes, []);
});

test('the Flask example is served by gunicorn, never by the development server', async () => {
  const facts = await readProject(join(process.cwd(), 'examples/users-flask'));
  assert.equal(said(facts.name), 'users-flask (the folder)');
  assert.equal(said(facts.framework), 'flask (requirements.txt:1)');
  assert.match(facts.start?.value ?? '', /^gunicorn --bind 0\.0\.0\.0:8080 .* app:app$/);
  assert.match(facts.start?.source ?? '', /^app\.py:\d+$/);
  assert.deepEqual(
    facts.services.map(({ scheme }) => scheme),
    ['mysql+pymysql'],
  );
  assert.deepEqual(facts.variables.map(({ name }) => name).sort(), [
    'DATABASE_HOST',
    'DATABASE_NAME',
    'DATABASE_PASSWORD',
    'DATABASE_USER',
    'PORT',
  ]);
});

test('an Express app with a URL for its database', async () => {
  const facts = await read({
    'package.json': manifest({ scripts: { start: 'node server.js' }, dependencies: { express: '5', pg: '8' } }),
    'package-lock.json': '{}',
    'server.js':
      "const app = require('express')();\nconst url = process.env.DATABASE_URL;\napp.get('/items/:id', show);\napp.get('/healthz', ok);\napp.listen(3000);\n",
  });
  assert.equal(said(facts.port), '3000 (server.js:5)');
  assert.deepEqual(facts.variables[0]?.service, { kind: 'postgres', part: 'url' });
  assert.equal(facts.variables[0]?.secret, 'it carries the url of postgres');
  assert.deepEqual(
    facts.routes.map(({ path, role, source }) => `${path} ${role} ${source}`),
    ['/items/:id undefined server.js:3', '/healthz health server.js:4'],
  );
});

test('a port that only root may open is left for another where a variable says it', async () => {
  const facts = await read({
    'package.json': manifest({ scripts: { start: 'node a.js' } }),
    'package-lock.json': '{}',
    'a.js': 'app.listen(process.env.PORT || 80);',
  });
  assert.equal(facts.port.value, 8080);
  assert.deepEqual(facts.notes, ['a.js:1: port 80 needs root; PORT is set to 8080 instead']);
});

test('a database whose address stands in the code is told with its line', async () => {
  const notes = async (code: string) =>
    (await read({ 'requirements.txt': 'flask\npymysql\n', 'app.py': `app = Flask(__name__)\n${code}` })).notes;
  const fault =
    'app.py:2: the address of mysql is written in the code, so the app will not find it in a cluster; read it from the environment (DATABASE_HOST)';
  assert.deepEqual(await notes("db = pymysql.connect(host='localhost', user='root')"), [fault]);
  assert.deepEqual(await notes("app.config['SQLALCHEMY_DATABASE_URI'] = 'mysql+pymysql://root:x@localhost/shop'"), [
    fault,
  ]);
  assert.deepEqual(await notes("app.config['MYSQL_HOST'] = 'localhost'"), [fault]);
  assert.deepEqual(await notes("app.config['MYSQL_HOST'] = os.environ.get('MYSQL_HOST', 'localhost')"), []);
});

test('a start script that needs the package manager or a package of development says so', async () => {
  const facts = await read({
    'package.json': manifest({ scripts: { start: 'tsx src/main.ts' }, devDependencies: { tsx: '4' } }),
    'pnpm-lock.yaml': '',
  });
  assert.equal(facts.start?.value, 'tsx src/main.ts');
  assert.equal(said(facts.startNeedsDevelopment), 'tsx (package.json:7)');
});

test('versions: .nvmrc goes before engines; engines choose a supported line', async () => {
  const engines = manifest({ main: 'a.js', engines: { node: '>=20 <23' } });
  assert.equal((await read({ 'package.json': engines, 'a.js': '' })).languageVersion?.value, '22');
  const pinned = await read({ 'package.json': engines, 'a.js': '', '.nvmrc': 'v20.11.0\n' });
  assert.equal(said(pinned.languageVersion), '20 (.nvmrc:1)');
});

test('a Django project is migrated before it serves', async () => {
  const facts = await read({
    'requirements.txt': 'Django==5.1\nmysqlclient\n',
    'manage.py': '',
    'shop/wsgi.py': 'application = get_wsgi_application()\n',
    'shop/settings.py': 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n',
    'shop/urls.py': 'urlpatterns = [path("health/", health), path("admin/", admin.site.urls)]\n',
  });
  assert.match(facts.start?.value ?? '', /^gunicorn --bind 0\.0\.0\.0:8000 .* shop\.wsgi:application$/);
  assert.equal(said(facts.migrate), 'python manage.py migrate --noinput (manage.py:1)');
  assert.equal(facts.routes[0]?.role, 'health');
  assert.equal(said(facts.native[0]), 'mysqlclient (requirements.txt:2)');
});

test('a FastAPI app from pyproject.toml is served by uvicorn', async () => {
  const facts = await read({
    'pyproject.toml':
      '[project]\nname = "Shop_API"\nversion = "2.1"\nrequires-python = ">=3.10,<3.13"\ndependencies = [\n  "fastapi>=0.110",\n  "psycopg2-binary",\n]\n',
    'main.py': 'from fastapi import FastAPI\napi = FastAPI()\n\n@api.get("/ready")\ndef ready(): ...\n',
  });
  assert.equal(said(facts.name), 'shop-api (pyproject.toml:2)');
  assert.equal(said(facts.languageVersion), '3.12 (pyproject.toml:4)');
  assert.equal(said(facts.framework), 'fastapi (pyproject.toml:6)');
  assert.equal(said(facts.start), 'uvicorn --host 0.0.0.0 --port 8000 main:api (main.py:2)');
  assert.deepEqual(
    facts.services.map(({ kind }) => kind),
    ['postgres'],
  );
});

test('a factory serves where no app object stands at the top of a module', async () => {
  const facts = await read({
    'requirements.txt': 'flask',
    'shop/__init__.py': 'from flask import Flask\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n',
  });
  assert.match(facts.start?.value ?? '', / shop:create_app\(\)$/);
  assert.equal(facts.start?.source, 'shop/__init__.py:3');
  assert.equal(facts.port.value, 5000);
});

test('an own Dockerfile speaks for any language', async () => {
  const facts = await read({
    Dockerfile:
      'FROM golang:1.24 AS build\nEXPOSE 1\nRUN go build\n\nFROM debian:12\nCOPY --from=build /x /x\nEXPOSE 9000/tcp\nUSER 1000\nENTRYPOINT ["/x"]\n',
  });
  assert.equal(said(facts.port), '9000 (Dockerfile:7)');
  assert.equal(said(facts.dockerfile?.user), '1000 (Dockerfile:8)');
  assert.equal(facts.language, undefined);
  assert.equal(facts.start, undefined);
});

test('Procfile and wherry.yaml decide where the code leaves a choice', async () => {
  const files = { 'package.json': manifest({}), 'server.js': '', 'app.js': '' };
  assert.equal(
    said((await read({ ...files, Procfile: '# web\nweb: node app.js\n' })).start),
    'node app.js (Procfile:2)',
  );
  const chosen = await read({
    ...files,
    'wherry.yaml': 'port: 4000\nstart: node server.js\n',
    Procfile: 'web: node app.js\n',
  });
  assert.equal(said(chosen.start), 'node server.js (wherry.yaml:2)');
  assert.equal(said(chosen.port), '4000 (wherry.yaml:1)');
});

test('an empty folder says what was looked for', async () => {
  assert.match(
    await refusal({}),
    /^FOLDER: the folder is empty\nLooked for a Dockerfile; package\.json \(Node\.js, TypeScript\); requirements\.txt, pyproject\.toml, Pipfile or \*\.py \(Python\)/,
  );
  assert.match(await refusal({ 'notes.txt': 'x' }), /^FOLDER: no app recognised in this folder\nLooked for/);
});

test('a folder that is none is refused', async () => {
  const directory = folder({ 'a.txt': '' });
  await assert.rejects(readProject(join(directory, 'a.txt')), /a\.txt: not a folder\nName the folder/);
  await assert.rejects(readProject(join(directory, 'b')), /b: no such folder\nName the app's folder/);
});

test('two possible starts are both named, with the ways to choose', async () => {
  assert.equal(
    await refusal({ 'package.json': manifest({}), 'server.js': '', 'src/index.js': '' }),
    'package.json:1: two files could start the app: node server.js and node src/index.js\nChoose with a start script in package.json ("start": "node server.js"), a Procfile (web: node server.js) or wherry.yaml (start: node server.js).',
  );
  assert.match(
    await refusal({
      'requirements.txt': 'flask',
      'one.py': 'app = Flask(__name__)',
      'two.py': '\nweb = Flask(__name__)',
    }),
    /^one\.py:1: two modules could start the app: one:app and two:web \(two\.py:2\)\nChoose in a Procfile/,
  );
});

test('no start at all says where to say it', async () => {
  assert.match(
    await refusal({ 'package.json': manifest({}) }),
    /^FOLDER: found no command that starts the app\nLooked for the scripts start .* Say it in package\.json/,
  );
});

test('a broken package.json is refused with line and column', async () => {
  const cases: [string, string][] = [
    ['{\n  "name": "x",\n}\n', 'package.json:3:1: expected a name in double quotes, found "}"'],
    ['{\n  "name": "x"\n  "version": "1"\n}\n', 'package.json:3:3: expected a comma or }, found "\\""'],
    ['{\n  "name": undefined\n}', 'package.json:2:11: expected a value, found "u"'],
    ['{"name": "x"', 'package.json:1:13: expected a comma or }, found the end of the file'],
    ['', 'package.json:1:1: expected a value, found the end of the file'],
    ['{} x', 'package.json:1:4: expected the end of the file, found "x"'],
  ];
  for (const [text, fault] of cases) {
    assert.equal((await refusal({ 'package.json': text })).split('\n')[0], fault);
  }
  assert.match(await refusal({ 'package.json': '[]' }), /^package\.json:1: not an object/);
});

test('a broken pyproject.toml is refused with its line', async () => {
  assert.match(await refusal({ 'pyproject.toml': '[project]\nname = \n', 'app.py': '' }), /^pyproject\.toml:2:\d+: /);
});

test('an SQL file that wherry.yaml names must be there', async () => {
  assert.equal(
    await refusal({ Dockerfile: 'FROM scratch', 'wherry.yaml': 'seed: setup.sql\n', 'other.sql': '' }),
    'wherry.yaml:1: seed names setup.sql, which is not there\nSQL files here: other.sql.',
  );
  assert.match(
    await refusal({ Dockerfile: 'FROM scratch', 'schema.sql': '', 'seed.sql': '' }),
    /^schema\.sql: two SQL files could prepare the database: schema\.sql and seed\.sql\nChoose in wherry\.yaml \(seed: schema\.sql\)\.$/,
  );
});

test('wherry.yaml refuses unknown settings, wrong values and bad YAML with the line', async () => {
  const file = (text: string) => refusal({ Dockerfile: 'FROM scratch', 'wherry.yaml': text });
  assert.match(await file('name: x\nstrat: y\n'), /^wherry\.yaml:2: unknown setting strat\nKnown are: name, /);
  assert.match(await file('port: "80"\n'), /^wherry\.yaml:1: port must be a port from 1 to 65535, not "80"/);
  assert.match(await file('name: [x\n'), /^wherry\.yaml:\d+:\d+: /);
  assert.match(await file('- a\n'), /^wherry\.yaml:1: not a map of settings/);
});

test('a name becomes a label that names objects and hosts', () => {
  assert.equal(labelOf('@acme/Shop_API'), 'shop-api');
  assert.equal(labelOf('2048 game!'), 'game');
  assert.equal(labelOf('日本'), 'app');
  assert.ok(labelOf('a'.repeat(39).concat('-b')).length <= 40);
});
