import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const root = process.cwd();
const BASES = ['postgres:17', 'redis:7.4', 'node:24-bookworm-slim', 'python:3.13-slim-bookworm'];

let cluster: TestCluster;
let work: string;

before(() => {
  cluster = testCluster();
  work = mkdtempSync(join(tmpdir(), 'wherry-crossings-'));
  for (const image of BASES) {
    const pulled = cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 });
    assert.equal(pulled.exitCode, 0, pulled.stderr);
  }
});

after(() => {
  cluster.delete();
  rmSync(work, { recursive: true, force: true });
});

/** A copy of a sample, so that nothing is written into it; the URL that `wherry up` ended with. */
function carry(example: string): { folder: string; url: string } {
  const folder = join(work, example);
  cpSync(join(root, 'examples', example), folder, { recursive: true });
  return { folder, url: up(folder) };
}

function up(folder: string): string {
  const said = cluster.tryWherry(['up', folder, '--name', cluster.name], { timeoutMs: 600_000 });
  assert.equal(said.exitCode, 0, said.stdout + said.stderr);
  return said.stdout.trim().split('\n').at(-1) ?? '';
}

async function ask(url: string, path: string, body?: string): Promise<{ status: number; json: unknown }> {
  // RFC 6761: names below localhost are loopback, which not every resolver knows.
  const target = new URL(path, url);
  const headers = { host: target.host };
  target.hostname = '127.0.0.1';
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const sent = request(target, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text || 'null') }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a Django app with PostgreSQL and migrations', () => {
  test('is carried by one command: tables by its migrations, tasks kept in its database', async () => {
    const { url } = carry('tasks-django');
    assert.equal((await ask(url, '/ready')).status, 200);
    const made = await ask(url, '/tasks', JSON.stringify({ title: 'cross the river' }));
    assert.deepEqual(made, { status: 201, json: { id: 1, title: 'cross the river', done: false } });
    assert.deepEqual((await ask(url, '/tasks')).json, [{ id: 1, title: 'cross the river', done: false }]);
    const jobs = cluster.kubectl('get', 'jobs', '-l', 'app.kubernetes.io/component=migrate', '-o', 'name');
    assert.equal(jobs.trim().split('\n').length, 1);
  });

  test('a migration that fails leaves the old version serving, and the reason is told', async () => {
    const folder = join(work, 'tasks-django');
    const broken = readFileSync(join(folder, 'tasks/migrations/0002_task_done.py'), 'utf8')
      .replace('"0001_initial"', '"0002_task_done"')
      .replace('name="done"', 'name="title"');
    writeFileSync(join(folder, 'tasks/migrations/0003_broken.py'), broken);
    const said = cluster.tryWherry(['up', folder, '--name', cluster.name], { timeoutMs: 300_000 });
    assert.equal(said.exitCode, 1, said.stdout);
    assert.match(said.stderr, /already exists/);
    const { items } = JSON.parse(cluster.kubectl('get', 'ingress', '-o', 'json')) as { items: unknown[] };
    assert.equal(items.length, 1);
    const status = JSON.parse(cluster.wherry('cluster', 'status', '--name', cluster.name, '--json')) as {
      http: string;
    };
    assert.equal((await ask(status.http, '/tasks')).status, 200);
    rmSync(join(folder, 'tasks/migrations/0003_broken.py'));
    up(folder);
  });
});

describe('an app of three processes, as its Procfile says', () => {
  test('web answers, the worker counts, the release step ran first', async () => {
    const { url } = carry('counter');
    assert.equal(((await ask(url, '/words')).json as Record<string, string>).wherry, '0');
    assert.equal((await ask(url, '/words', 'row, row, row your boat')).status, 202);
    await eventually('the worker counts', async () => {
      const words = (await ask(url, '/words')).json as Record<string, string>;
      return words.row === '3' && words.boat === '1';
    });
    const parts = cluster.kubectl('get', 'deployments', '-o', 'jsonpath={.items[*].metadata.name}').split(' ');
    assert.ok(parts.includes('counter-worker'), parts.join());
  });
});
