import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { findApps } from './apps.ts';
import { readProject } from './read-project.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function folder(files: Record<string, string | object>): string {
  const directory = mkdtempSync(join(tmpdir(), 'several-'));
  made.push(directory);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return directory;
}

const found = async (files: Record<string, string | object>): Promise<string[]> =>
  (await findApps(folder(files))).map(({ path, name, source }) => `${path}: ${name} (${source})`);

const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';

test('a folder that is an app is its own only app, whatever lies below', async () => {
  assert.deepEqual(
    await found({
      'package.json': { name: 'shop', scripts: { start: 'node a.js' } },
      'examples/x/package.json': { name: 'x', scripts: { start: 'node x.js' } },
    }),
    [': shop (package.json:4)'],
  );
});

test('plain folders with apps of several languages, libraries and tests left out', async () => {
  assert.deepEqual(
    await found({
      'services/api/requirements.txt': 'flask\n',
      'services/api/app.py': FLASK,
      'services/web/package.json': { name: 'web', scripts: { start: 'node s.js' } },
      'services/job/Dockerfile': 'FROM debian:12\nCMD ["/job"]\n',
      'lib/package.json': { name: 'lib', main: 'index.js' },
      'lib/index.js': '',
      'tests/app.py': FLASK,
    }),
    [
      'services/api: api (services/api/app.py:2)',
      'services/job: job (services/job/Dockerfile)',
      'services/web: web (services/web/package.json:4)',
    ],
  );
});

test('a workspace gives its members that serve, and apps of other languages beside them', async () => {
  assert.deepEqual(
    await found({
      'package.json': { name: 'acme', private: true, workspaces: ['apps/*', 'packages/*'] },
      'apps/one/package.json': { name: '@acme/one', scripts: { start: 'node one.js' } },
      'packages/ui/package.json': { name: '@acme/ui', main: 'index.js' },
      'packages/ui/index.js': '',
      'backend/requirements.txt': 'flask\n',
      'backend/app.py': FLASK,
    }),
    ['apps/one: @acme/one (apps/one/package.json:4)', 'backend: backend (backend/app.py:2)'],
  );
});

test('a root whose start script starts others is no app itself', async () => {
  const apps = await found({
    'package.json': { name: 'all', scripts: { start: 'concurrently "npm:start:*"' } },
    'web/package.json': { name: 'web', scripts: { start: 'node w.js' } },
    'api/package.json': { name: 'api', scripts: { start: 'node a.js' } },
  });
  assert.deepEqual(
    apps.map((app) => app.split(':')[0]),
    ['api', 'web'],
  );
});

test('the only app below a folder is read in its place, and a note says so', async () => {
  const facts = await readProject(
    folder({ 'README.md': '# x', 'server/package.json': { name: 'solo', scripts: { start: 'node s.js' } } }),
  );
  assert.equal(facts.name.value, 'solo');
  assert.equal(facts.notes[0], 'server/package.json:4: the only app of this folder');
});

test('a package of the workspace brings its drivers and variables along', async () => {
  const root = folder({
    'pnpm-workspace.yaml': 'packages:\n  - "apps/*"\n  - packages/**\n  - "!packages/old"\n',
    'package.json': { name: 'acme', packageManager: 'pnpm@9.0.0' },
    'pnpm-lock.yaml': '',
    'apps/api/package.json': {
      name: 'api',
      scripts: { start: 'node s.js' },
      dependencies: { '@acme/mid': 'workspace:*' },
    },
    'packages/mid/package.json': { name: '@acme/mid', dependencies: { '@acme/db': 'workspace:*' } },
    'packages/db/package.json': { name: '@acme/db', scripts: { build: 'tsc' }, dependencies: { mysql2: '3' } },
    'packages/db/src/pool.ts': 'createPool(process.env.DATABASE_URL);\n',
    'packages/old/package.json': { name: 'old' },
  });
  const facts = await readProject(join(root, 'apps/api'));
  assert.equal(facts.workspace?.value, root);
  assert.deepEqual(
    facts.services.map(({ kind }) => kind),
    ['mysql'],
  );
  assert.deepEqual(facts.variables[0]?.sources, ['../../packages/db/src/pool.ts:1']);
  assert.equal(facts.build?.value, 'pnpm --filter ./packages/db run build');
  assert.ok(!facts.manifestFiles.includes('packages/old/package.json'));
});
