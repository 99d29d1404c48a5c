import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const root = process.cwd();

let cluster: TestCluster;
let folder: string;

before(() => {
  cluster = testCluster();
  for (const image of ['mariadb:11.4', 'redis:7.4', 'node:24-bookworm-slim']) {
    const pulled = cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 });
    assert.equal(pulled.exitCode, 0, pulled.stderr);
  }
  folder = join(mkdtempSync(join(tmpdir(), 'wherry-days-')), 'users');
  cpSync(join(root, 'examples/users'), folder, {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist)(\/|$)/.test(path.slice(root.length)),
  });
  wherry('up', folder);
});

after(() => {
  cluster.delete();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function wherry(...args: string[]): string {
  const [command = '', ...rest] = args;
  const said = cluster.tryWherry([command, '--name', cluster.name, ...rest], { timeoutMs: 300_000 });
  assert.equal(said.exitCode, 0, said.stdout + said.stderr);
  return said.stdout;
}

interface Deployed {
  readonly release?: {
    readonly number: number;
    readonly verdict: string;
    readonly proof?: { readonly requests: number; readonly failed: number; readonly reasons: object };
  };
}

/** Released under load; no request may fail. */
function released(...args: string[]): NonNullable<Deployed['release']> {
  const { release } = JSON.parse(wherry('deploy', folder, '--prove', '--rate', '100', '--json', ...args)) as Deployed;
  assert.ok(release, 'nothing was released');
  assert.equal(release.verdict, 'good');
  assert.ok((release.proof?.requests ?? 0) > 0);
  assert.deepEqual([release.proof?.failed, release.proof?.reasons], [0, {}]);
  return release;
}

interface ReleaseRow {
  readonly number: number;
  readonly verdict: string;
  readonly image: string;
  readonly imageDigest?: string;
  readonly sourceHash: string;
  readonly rollbackOf?: number;
}

function releases(): ReleaseRow[] {
  const told = JSON.parse(wherry('releases', 'users', '--json')) as { releases: ReleaseRow[] } | ReleaseRow[];
  const rows = Array.isArray(told) ? told : told.releases;
  return [...rows].sort((one, other) => one.number - other.number);
}

function change(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, path), 'utf8');
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `${path} has nothing like ${from}`);
  writeFileSync(join(folder, path), changed);
}

async function version(): Promise<unknown> {
  const { http } = JSON.parse(cluster.wherry('cluster', 'status', '--name', cluster.name, '--json')) as {
    http: string;
  };
  return await (await fetch(`${http}/version`, { headers: { connection: 'close' } })).json();
}

describe('four working days', () => {
  test('the code changes: a release, proven under load', async () => {
    change('package.json', '"version": "1.0.0"', '"version": "1.1.0"');
    assert.equal(released().number, 2);
    assert.deepEqual(await version(), { name: 'users', version: '1.1.0' });
  });

  test('the infrastructure changes under the app: a node is drained, and one pod goes on serving', async () => {
    const node = cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
    const drained = cluster.tryKubectl([
      'drain',
      node,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--pod-selector=app.kubernetes.io/component=web',
      '--timeout=5s',
    ]);
    // There is no second node to go to: the disruption budget keeps the last pod where it is.
    assert.notEqual(drained.exitCode, 0);
    assert.match(drained.stderr, /disruption budget/);
    assert.deepEqual(await version(), { name: 'users', version: '1.1.0' });
    cluster.kubectl('uncordon', node);
    cluster.kubectl('rollout', 'status', 'deployment/users', '--timeout=60s');
  });

  test('the infrastructure changes under the app: the base image is patched, the source stays', async () => {
    const before = releases().at(-1);
    released('--patch-base');
    const now = releases().at(-1);
    assert.equal(now?.number, 3);
    assert.equal(now?.sourceHash, before?.sourceHash);
    assert.notEqual(now?.image, before?.image);
    assert.deepEqual(await version(), { name: 'users', version: '1.1.0' });
  });

  test('the developer changes the infrastructure: replicas, a new variable, a new backing service', async () => {
    writeFileSync(join(folder, 'wherry.yaml'), 'replicas: 3\nenvironment:\n  GREETING: ahoy\n');
    change('package.json', '"mysql2"', '"ioredis": "^5.4.0",\n    "mysql2"');
    rmSync(join(folder, 'package-lock.json'));
    writeFileSync(
      join(folder, 'src/cache.ts'),
      "export const cacheUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1';\n",
    );
    released();
    assert.equal(cluster.kubectl('get', 'deployment', 'users', '-o', 'jsonpath={.status.readyReplicas}'), '3');
    assert.equal(cluster.kubectl('get', 'statefulset', 'users-redis', '-o', 'jsonpath={.status.readyReplicas}'), '1');
    const environment = wherry('exec', 'users', '--', 'env');
    assert.match(environment, /^GREETING=ahoy$/m);
    assert.match(environment, /^REDIS_URL=redis:\/\/:\w+@users-redis:6379/m);
  });

  test('an emergency: a bad release is taken back, then the patch goes out', async () => {
    const good = releases().at(-1);
    change('package.json', '"version": "1.1.0"', '"version": "1.2.0"');
    released();
    assert.deepEqual(await version(), { name: 'users', version: '1.2.0' });
    wherry('rollback', 'users', `v${good?.number}`, '--yes');
    const back = releases().at(-1);
    assert.equal(back?.rollbackOf, good?.number);
    assert.equal(back?.image, good?.image);
    await eventually('the old version', async () => JSON.stringify(await version()).includes('1.1.0'));
    change('package.json', '"version": "1.2.0"', '"version": "1.2.1"');
    released('--strategy', 'blue-green', '--hold', '1s');
    assert.deepEqual(await version(), { name: 'users', version: '1.2.1' });
    const verdicts = releases().map(({ verdict }) => verdict);
    assert.deepEqual([...new Set(verdicts)], ['good']);
  });
});
