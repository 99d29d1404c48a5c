import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { call, eventually, type TestCluster, testCluster } from './harness.ts';

let cluster: TestCluster;
let folder: string;
let port: string;

before(() => {
  cluster = testCluster();
  folder = join(mkdtempSync(join(tmpdir(), 'init-')), 'users');
  cpSync(join(process.cwd(), 'examples/users'), folder, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const said = cluster.wherry('cluster', 'status', '--name', cluster.name);
  port = /Ingress http:\/\/[\d.]+:(\d+)/.exec(said)?.[1] ?? '';
  assert.notEqual(port, '', said);
});
after(() => {
  cluster.delete();
  rmSync(folder, { recursive: true, force: true });
});

/** The door of the Ingress, as the app's own host. */
const address = (path: string): string => `http://users.localhost:${port}${path}`;

describe('the files of wherry init carry the app by themselves', () => {
  test('kubectl apply -k brings up what wherry init wrote, from nothing', async () => {
    cluster.wherry('init', folder);
    cluster.wherry('image', 'build', '-t', 'localhost/users:development', folder);
    cluster.kubectl('apply', '-k', join(folder, 'k8s/overlays/development'));
    // As people ask: curl knows that every name below localhost is this machine.
    const users = await eventually('the users are served', () => {
      const { exitCode, stdout } = call('curl', ['-s', '--fail', address('/users')]);
      return exitCode === 0 && (JSON.parse(stdout) as { name: string }[]);
    });
    assert.ok(users.some(({ name }) => name === 'admin'));
  });

  test('the smoke test that was written asks the app, and fails where it does not answer', () => {
    const smoke = (target: string) =>
      call('sh', ['smoke/smoke.sh'], { cwd: folder, env: { TARGET_URL: target, TRIES: '2' } });
    const good = smoke(address(''));
    assert.equal(good.exitCode, 0, good.stderr);
    assert.match(good.stdout, /ok {5}GET \/ready 200/);
    const bad = smoke(address('/nowhere'));
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stderr, /failed GET \S+: 404 after 2 tries/);
  });

  test('make deploy rolls to a new image and waits for it, keeping the passwords; make rollback goes back', () => {
    const make = (...args: string[]) =>
      call('make', [...args, `KUBECTL=kubectl --kubeconfig ${cluster.kubeconfig}`], { cwd: folder });
    const secret = () =>
      cluster.kubectl('get', 'secret', 'users-database', '-n', 'users-development', '-o', 'jsonpath={.data}');
    const image = () =>
      cluster.kubectl(
        ...['get', 'deployment', 'users', '-n', 'users-development'],
        ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
      );
    const before = secret();
    cluster.wherry('image', 'build', '-t', 'localhost/users:two', folder);
    // As in a fresh checkout: what git ignores is not there, and the cluster has it.
    rmSync(join(folder, 'k8s/overlays/development/secrets/users-database.env'));
    const deployed = make('deploy', 'IMAGE=localhost/users:two');
    assert.equal(deployed.exitCode, 0, deployed.stdout + deployed.stderr);
    assert.match(deployed.stdout, /users-database\.env: taken from the cluster/);
    assert.equal(image(), 'localhost/users:two');
    assert.equal(secret(), before);
    const back = make('rollback');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(image(), 'localhost/users:development');
    // Another environment, from nothing: namespace, passwords, database, seed, app.
    const other = make('deploy', 'ENVIRONMENT=staging', 'IMAGE=localhost/users:two');
    assert.equal(other.exitCode, 0, other.stdout + other.stderr);
    assert.match(other.stdout, /overlays\/staging\/secrets\/users-database\.env: made/);
    const replicas = ['get', 'deployment', 'users', '-n', 'users-staging', '-o', 'jsonpath={.status.readyReplicas}'];
    assert.equal(cluster.kubectl(...replicas), '2');
  });

  test('what was changed is kept and told, and what was not is left alone', () => {
    const path = join(folder, 'Makefile');
    writeFileSync(path, readFileSync(path, 'utf8').replace('TIMEOUT ?= 300s', 'TIMEOUT ?= 60s'));
    const said = cluster.wherry('init', folder);
    assert.match(said, /^Makefile +kept: it was changed after wherry wrote it$/m);
    assert.match(said, /^ {2}-TIMEOUT \?= 60s\n {2}\+TIMEOUT \?= 300s$/m);
    assert.match(said, /To have wherry's in its place: wherry init --force Makefile/);
    const json = JSON.parse(cluster.wherry('init', folder, '--dry-run', '--json')) as {
      files: { path: string; action: string }[];
    };
    // The secrets' file came from the cluster; what is there is never written again.
    assert.deepEqual(
      json.files.filter(({ action }) => action !== 'unchanged').map(({ path: name, action }) => `${action} ${name}`),
      ['keep Makefile'],
    );
  });
});
