import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TestCluster, testCluster } from './harness.ts';

let cluster: TestCluster;
let folder: string;

before(() => {
  cluster = testCluster();
  folder = mkdtempSync(join(tmpdir(), 'wherry-projects-'));
});

after(() => {
  try {
    cluster.delete();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('a monorepo', () => {
  let root: string;
  before(() => {
    root = written('acme', {
      'package.json': json({ name: 'acme', private: true, workspaces: ['apps/*', 'packages/*'] }),
      'package-lock.json': json({
        name: 'acme',
        lockfileVersion: 3,
        packages: {
          '': { name: 'acme', workspaces: ['apps/*', 'packages/*'] },
          'apps/greeter': { name: '@acme/greeter', version: '1.0.0', dependencies: { '@acme/words': '1.0.0' } },
          'apps/idle': { name: '@acme/idle', version: '1.0.0' },
          'packages/words': { name: '@acme/words', version: '1.0.0' },
          'node_modules/@acme/greeter': { resolved: 'apps/greeter', link: true },
          'node_modules/@acme/idle': { resolved: 'apps/idle', link: true },
          'node_modules/@acme/words': { resolved: 'packages/words', link: true },
        },
      }),
      'apps/greeter/package.json': json({
        name: '@acme/greeter',
        version: '1.0.0',
        scripts: { start: 'node server.js' },
        dependencies: { '@acme/words': '1.0.0' },
      }),
      'apps/greeter/server.js': [
        "const { createServer } = require('node:http');",
        "const { hello } = require('@acme/words');",
        'const server = createServer((request, response) => {',
        "  if (request.url === '/health') response.end('ok');",
        "  else if (request.url === '/hello') response.end(hello(process.env.WHOM ?? 'you'));",
        '  else response.writeHead(404).end();',
        '});',
        'server.listen(process.env.PORT ?? 4300);',
        "process.on('SIGTERM', () => server.close());",
        '',
      ].join('\n'),
      'apps/idle/package.json': json({ name: '@acme/idle', version: '1.0.0', scripts: { start: 'node idle.js' } }),
      'apps/idle/idle.js': 'setInterval(() => {}, 1000);\n',
      'packages/words/package.json': json({
        name: '@acme/words',
        version: '1.0.0',
        main: 'built/index.js',
        scripts: { build: 'node build.js' },
      }),
      'packages/words/build.js':
        "const { cpSync } = require('node:fs');\ncpSync('source.js', 'built/index.js', { recursive: true });\n",
      'packages/words/source.js': "exports.hello = (whom) => 'hello ' + whom;\n",
    });
  });

  test('its root names the apps and how to carry one', () => {
    const said = cluster.tryWherry(['up', root, '--name', cluster.name]);
    assert.equal(said.exitCode, 1);
    assert.match(said.stderr, /2 apps in this folder: apps\/greeter \(apps\/greeter\/package\.json:5\), apps\/idle/);
    assert.ok(said.stderr.includes(`wherry up ${join(root, 'apps/greeter')}`));
    const plan = JSON.parse(cluster.wherry('plan', root, '--json')) as {
      apps: { facts: { name: { value: string } } }[];
    };
    assert.deepEqual(
      plan.apps.map(({ facts }) => facts.name.value),
      ['greeter', 'idle'],
    );
  });

  test('an app of it crosses with the built package it needs', async () => {
    const url = up(join(root, 'apps/greeter'));
    assert.equal((await get(url, '/hello')).text, 'hello you');
  });
});

describe('an app with Procfile, app.json and wherry.yaml', () => {
  test('serves by web, runs its worker, was migrated by release, and its generated secret is there', async () => {
    const app = written('tally', {
      'package.json': json({ name: 'tally', version: '1.0.0' }),
      Procfile: 'web: node web.js\nworker: node worker.js\nrelease: node release.js\n',
      'app.json': json({
        name: 'tally',
        env: { SIGNS: { generator: 'secret' }, MOOD: { value: 'good' } },
        formation: { worker: { quantity: 1 } },
      }),
      'wherry.yaml': 'replicas: 1\nenvironment:\n  PLACE: port\n',
      'web.js': [
        "const { createServer } = require('node:http');",
        'const { MOOD, PLACE, SIGNS } = process.env;',
        'createServer((request, response) => {',
        "  if (request.url === '/ready') return response.end('ok');",
        "  response.end(JSON.stringify({ mood: MOOD, place: PLACE, signs: (SIGNS ?? '').length }));",
        '}).listen(process.env.PORT ?? 8080);',
        "process.on('SIGTERM', () => process.exit(0));",
        '',
      ].join('\n'),
      'worker.js': "console.log('worker at work');\nsetInterval(() => {}, 1000);\n",
      'release.js': "console.log('released');\n",
    });
    const url = up(app);
    const said = JSON.parse((await get(url, '/')).text) as { mood: string; place: string; signs: number };
    assert.equal(said.mood, 'good');
    assert.equal(said.place, 'port');
    assert.ok(said.signs >= 24, 'the secret that app.json has made up');
    const workers = JSON.parse(cluster.kubectl('get', 'deployments', '-o', 'json')) as {
      items: { metadata: { name: string }; spec: { replicas: number } }[];
    };
    assert.ok(
      workers.items.some(({ metadata }) => metadata.name.includes('worker')),
      'the worker of the Procfile',
    );
  });
});

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

function written(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

/** The URL that `wherry up` prints last. */
function up(app: string): string {
  const said = cluster.tryWherry(['up', app, '--name', cluster.name, '--json'], { timeoutMs: 300_000 });
  assert.equal(said.exitCode, 0, said.stdout + said.stderr);
  const { url } = JSON.parse(said.stdout) as { url: string };
  return url;
}

function get(base: string, path: string): Promise<{ status: number; text: string }> {
  const url = new URL(path, base);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: url.port, path: url.pathname, headers: { host: url.host }, timeout: 10_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
