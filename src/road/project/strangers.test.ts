import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { Facts } from './contract.ts';
import { readProject } from './read-project.ts';

// Habits of apps that were not written for wherry.
const made: string[] = [];
after(() => {
  for (const path of made) rmSync(path, { recursive: true });
});

function read(files: Record<string, string>): Promise<Facts> {
  const directory = mkdtempSync(join(tmpdir(), 'stranger-'));
  made.push(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return readProject(directory);
}

const manifest = (scripts: Record<string, string>, more: object = {}): string =>
  JSON.stringify({ name: 'shop', scripts, dependencies: { express: '5', mysql2: '3' }, ...more });

test('a file of variables that a script names stays on the desk, so the command is run without it', async () => {
  const { start, migrate } = await read({
    'package.json': manifest({
      start: 'node --env-file=.env server.js',
      'db:migrate': 'node --env-file .env migrate.js',
    }),
    'server.js': 'app.listen(3000)',
  });
  assert.deepEqual([start?.value, migrate?.value], ['node server.js', 'node migrate.js']);
});

test('a start that builds first starts what the image built', async () => {
  const app = { 'server.ts': 'app.listen(3000)' };
  const built = await read({
    ...app,
    'package.json': manifest({ start: 'npm run build && node dist/server.js', build: 'tsc' }),
  });
  assert.deepEqual([built.build?.value, built.start?.value], ['npm run build', 'node dist/server.js']);
});

test('a variable that names a file with the value is another way to say the same, not one that is missing', async () => {
  const { variables } = await read({
    'package.json': manifest({ start: 'node server.js' }),
    'server.js':
      'const { MYSQL_HOST: a, MYSQL_HOST_FILE: b, CERT_FILE: c } = process.env; process.env.SQLITE_DB_LOCATION || "/etc/todo.db"; app.listen(3000)',
  });
  const told = (name: string) => variables.find((variable) => variable.name === name);
  assert.equal(told('MYSQL_HOST_FILE')?.optional, true);
  assert.equal(told('CERT_FILE')?.optional, undefined);
  assert.equal(told('SQLITE_DB_LOCATION')?.service, undefined);
  assert.equal(told('SQLITE_DB_LOCATION')?.secret, undefined);
});

test('SQL that takes a migration back is none of its risks', async () => {
  const { migrations } = await read({
    'package.json': manifest({ start: 'node server.js' }, { dependencies: { express: '5', postgrator: '8' } }),
    'server.js': 'app.listen(3000)',
    'migrations/001.do.users.sql': 'CREATE TABLE users (id int);',
    'migrations/001.undo.users.sql': 'DROP TABLE users;',
    'migrations/002.do.users.sql': 'ALTER TABLE users DROP COLUMN age;',
  });
  assert.deepEqual(
    migrations?.risks.map(({ what }) => what),
    ['drops column users.age'],
  );
});

test('a folder of routers named routes below app makes no route by its name', async () => {
  const { routes } = await read({
    'package.json': manifest({ start: 'node server.js' }),
    'server.js': "app.get('/', f); app.listen(3000)",
    'src/app/routes/routes.ts': "import { Router } from 'express';\nexport default Router().use('/api', api);",
  });
  assert.deepEqual(
    routes.map(({ path }) => path),
    ['/'],
  );
});

const DJANGO = {
  'requirements.txt': 'django\ngunicorn\n',
  'manage.py': "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
  'site1/wsgi.py': 'application = get_wsgi_application()\n',
  'site1/settings.py':
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}\n",
};

test('a database in a file is migrated by no Job, whose files no pod sees, unless the author says so', async () => {
  const silent = await read(DJANGO);
  assert.equal(silent.migrate, undefined);
  assert.match(silent.notes.join('\n'), /site1\/settings\.py:1: .*\(SQLite\).*; no migration is run.*DATABASE_URL/);
  const said = await read({ ...DJANGO, 'wherry.yaml': 'migrate: python manage.py migrate\n' });
  assert.equal(said.migrate?.value, 'python manage.py migrate');
  assert.doesNotMatch(said.notes.join('\n'), /no migration is run/);
});

test('the port of a Go program is the default of its flag, whatever the flag set is called', async () => {
  const { port } = await read({
    'go.mod': 'module shop\n\ngo 1.24\n',
    'main.go':
      'package main\n\nfunc main() {\n\tfs := pflag.NewFlagSet("default", pflag.ContinueOnError)\n\tfs.Int("grpc-port", 9999, "gRPC")\n\tfs.Int("port", 9898, "HTTP port")\n\thttp.ListenAndServe(addr, nil)\n}\n',
  });
  assert.deepEqual([port.value, port.source], [9898, 'main.go:6']);
});

test('beside an own Dockerfile the line of a Procfile starts nothing, and that is told', async () => {
  const files = { Dockerfile: 'FROM node:24\nEXPOSE 3000\nCMD ["./boot.sh"]\n', Procfile: 'web: node server.js\n' };
  const { notes } = await read(files);
  assert.match(
    notes.join('\n'),
    /^Procfile:1: the image starts as Dockerfile says.*start: node server\.js in wherry\.yaml$/m,
  );
  const chosen = await read({ ...files, 'wherry.yaml': 'start: node other.js\n' });
  assert.doesNotMatch(chosen.notes.join('\n'), /the image starts as/);
});

test('hosts that are allowed on one platform only are told, those of production are not', async () => {
  const settings = (condition: string): Record<string, string> => ({
    ...DJANGO,
    'site1/settings.py': `DEBUG = False\nif ${condition}:\n    # all of them\n    ALLOWED_HOSTS = ['*']\nINSTALLED_APPS = []\n`,
  });
  const elsewhere = await read(settings('ON_PLATFORM'));
  assert.match(elsewhere.notes.join('\n'), /^site1\/settings\.py:4: ALLOWED_HOSTS is set only if ON_PLATFORM; else/m);
  const production = await read(settings('not DEBUG'));
  assert.doesNotMatch(production.notes.join('\n'), /ALLOWED_HOSTS/);
});
