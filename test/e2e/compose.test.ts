import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

/** What the sample's services run on. */
const BASES = ['node:22-slim', 'nginx:1.27', 'postgres:17', 'redis:7.4'];

let cluster: TestCluster;
let folder: string;
let url: string;

before(() => {
  cluster = testCluster();
  // A machine that has none of them yet may take minutes to fetch or assemble them.
  for (const image of BASES) {
    const pulled = cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 });
    assert.equal(pulled.exitCode, 0, pulled.stderr);
  }
  folder = join(mkdtempSync(join(tmpdir(), 'wherry-compose-')), 'shop');
  cpSync(join(process.cwd(), 'examples/shop'), folder, { recursive: true });
});

after(() => {
  const images = JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[];
  cluster.delete();
  for (const { name } of images) {
    if (/^localhost\/(?:shop|again)-web:/.test(name)) cluster.wherry('image', 'remove', name);
  }
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function ask(path: string, method = 'GET'): Promise<unknown> {
  const response = await fetch(new URL(path, url), { method, signal: AbortSignal.timeout(10_000) });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return await response.json();
}

test('a compose file of six services goes up, its seed before what needs it', async () => {
  const said = cluster.wherry('up', join(folder, 'compose.yaml'), '--name', cluster.name, '--yes');
  url = said.trimEnd().split('\n').at(-1) ?? '';
  assert.match(url, /^http:\/\//);
  const { goods } = (await ask('/goods')) as { goods: { name: string }[] };
  assert.deepEqual(
    goods.map(({ name }) => name),
    ['rope', 'oar', 'lantern'],
  );
});

test('its parts reach each other by the names of the compose file', async () => {
  await ask('/orders/1', 'POST');
  await ask('/orders/3', 'POST');
  await eventually('the worker has packed both', async () => {
    assert.deepEqual(await ask('/orders'), { ordered: 2, packed: 2 });
    return true;
  });
});

test('passwords are in Secrets and nowhere else', () => {
  const all = cluster.kubectl('get', 'configmaps,deployments,statefulsets,jobs,pods,services', '-o', 'yaml');
  assert.ok(!all.includes('only-on-a-laptop'), 'a password is readable by anyone');
  const secrets = cluster.kubectl('get', 'secrets', '-o', 'jsonpath={.items[*].data}');
  assert.ok(secrets.includes(Buffer.from('only-on-a-laptop-1').toString('base64')));
});

test('the same file again changes nothing', () => {
  const before = cluster.kubectl('get', 'pods', '-o', 'name');
  cluster.wherry('up', join(folder, 'compose.yaml'), '--name', cluster.name, '--yes');
  assert.equal(cluster.kubectl('get', 'pods', '-o', 'name'), before);
});

test('what convert prints runs by kubectl apply alone, in whatever order it starts', async () => {
  cluster.wherry('image', 'build', join(folder, 'app'), '--tag', 'localhost/again-web:latest');
  const yaml = cluster.wherry('convert', join(folder, 'compose.yaml'), '--name', 'again', '-n', 'again');
  cluster.apply(yaml);
  await eventually('all parts are ready', () => {
    const ready = cluster.kubectl(
      '-n',
      'again',
      'get',
      'deployments,statefulsets',
      '-o',
      'jsonpath={.items[*].status.readyReplicas}',
    );
    assert.equal(ready.trim(), '1 1 1 1 1');
    return true;
  });
  const goods = cluster.kubectl(
    '-n',
    'again',
    'exec',
    'deploy/web',
    '--',
    'node',
    '-e',
    'fetch("http://proxy/goods").then((r) => r.text()).then(console.log)',
  );
  assert.match(goods, /lantern/);
});

test('a mistake in the file is told with its place and the way out, and strict mode counts what was dropped', () => {
  const said = cluster.tryWherry(['convert', join(folder, 'absent.yaml')]);
  assert.equal(said.exitCode, 1);
  assert.match(said.stderr, /absent\.yaml: there is no such file\nName a compose file that exists\./);
  const golden = join(process.cwd(), 'test/golden/compose');
  const typo = cluster.tryWherry(['convert', join(golden, 'unknown-key/compose.yaml')]);
  assert.equal(typo.exitCode, 1);
  assert.match(typo.stderr, /compose\.yaml:4:5: services\.web has no key "enviroment"\nDid you mean environment\?/);
  const strict = cluster.tryWherry(['convert', '--strict', '--json', join(golden, 'networks/compose.yaml')]);
  assert.equal(strict.exitCode, 1);
  const { objects, report } = JSON.parse(strict.stdout) as {
    objects: { kind: string }[];
    report: { outcome: string }[];
  };
  assert.ok(objects.some(({ kind }) => kind === 'Service'));
  assert.ok(report.some(({ outcome }) => outcome === 'dropped'));
});
