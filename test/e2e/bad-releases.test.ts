import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Said, type TestCluster, testCluster } from './harness.ts';
import { type AppVersion, type ReleaseApp, releaseApp, served } from './release-app.ts';

const NAME = `bad-${process.pid}`;
/** Short waits: what is not ready in this time will not be. */
const TIMEOUT = ['--timeout', '9'];
let cluster: TestCluster;
let app: ReleaseApp;
let url: string;
let number = 1;

const deploy = (...options: string[]): Said =>
  cluster.tryWherry(['deploy', app.folder, '--name', cluster.name, ...TIMEOUT, ...options]);

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME, { migrates: true });
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
  const said = cluster.tryWherry(['deploy', app.folder, '--name', cluster.name]);
  assert.equal(said.exitCode, 0, said.stdout + said.stderr);
  url = said.stdout.trim().split('\n').at(-1) ?? '';
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  app.delete();
});

/** A version that is bad in one way: caught, told and undone, with the first one serving all the while. */
async function isUndone(version: AppVersion, why: readonly RegExp[], options: readonly string[] = []): Promise<string> {
  app.become(version);
  const said = deploy(...options);
  number++;
  assert.equal(said.exitCode, 1, said.stdout + said.stderr);
  assert.match(said.stderr, new RegExp(`^error v${number} was undone: `));
  for (const each of why) assert.match(said.stderr, each);
  assert.match(said.stderr, /What served before serves on\.\n$/);
  assert.equal((await served(url)).version, '1');
  const objects = cluster.kubectl('get', 'deployments,services,ingresses,leases', '-o', 'name').trim().split('\n');
  assert.deepEqual(objects.sort(), [
    `deployment.apps/${NAME}`,
    `ingress.networking.k8s.io/${NAME}`,
    `service/${NAME}`,
    'service/kubernetes',
  ]);
  const [container] = JSON.parse(
    cluster.kubectl('get', 'deployment', NAME, '-o', 'jsonpath={.spec.template.spec.containers}'),
  ) as { image: string }[];
  const pods = cluster.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].spec.containers[0].image}').split(' ');
  assert.ok(pods.includes(container?.image ?? 'none'));
  const records = JSON.parse(cluster.wherry('releases', NAME, '--name', cluster.name, '--json')) as {
    number: number;
    verdict: string;
    reason: string;
  }[];
  const record = records.find((each) => each.number === number);
  assert.equal(record?.verdict, 'undone');
  for (const each of why) assert.match(record?.reason ?? '', each);
  return said.stdout + said.stderr;
}

describe('a bad release is caught, told and undone by itself', () => {
  test('a process that ends at its start: exit code and last words', async () => {
    await isUndone({ version: 'crash', crashes: true }, [
      /container app ended with exit code 3/,
      /Its last lines:\n.*cannot find the flux capacitor/,
    ]);
  });

  test('a pod that never gets ready: what its probe was answered', async () => {
    await isUndone({ version: 'unready', neverReady: true }, [/not ready after 9 s/, /statuscode: 503/]);
  });

  test('ready, but every answer is an error: the smoke test, before any user came', async () => {
    await isUndone(
      { version: 'errors', answers500: true },
      [/GET \/version.*: .*500/, /TypeError: nothing is not a function/],
      ['--strategy', 'blue-green', '--hold', '1s'],
    );
  });

  test('much slower than before: the requests that prove it', async () => {
    const said = await isUndone(
      { version: 'slow', slowMs: 2500 },
      [/99 % of the requests took up to \d{4,} ms; before it was \d+ ms/],
      ['--strategy', 'canary', '--steps', '50:30s,100', '--prove', '--rate', '60'],
    );
    assert.match(said, /proof: [\d ]+ requests, 0 failed; .*ms before, .*ms during, .*ms back/);
  });

  test('a migration that fails: nothing else was touched', async () => {
    await isUndone({ version: 'migration', migrationFails: true }, [
      /job\/bad-\d+-migrate-\w+: /,
      /Its last lines:\n.*migrating to migration\n.*column "email" does not exist/,
    ]);
  });

  test('an image that is not there changes nothing, and is no release', async () => {
    const said = deploy('--image', 'localhost/no-such-image:1');
    assert.equal(said.exitCode, 1);
    assert.match(said.stderr, /no-such-image/);
    assert.equal((await served(url)).version, '1');
  });

  test('an image that only the cluster can look for: told and undone', async () => {
    app.become({ version: 'image' });
    const kubeconfig = { KUBECONFIG: cluster.kubeconfig };
    const context = cluster.kubectl('config', 'current-context').trim();
    const said = cluster.tryWherry(
      ['deploy', app.folder, '--context', context, '--image', 'localhost/no-such-image:2', '--app', NAME, ...TIMEOUT],
      { env: kubeconfig },
    );
    number++;
    assert.equal(said.exitCode, 1, said.stdout);
    assert.match(said.stderr, new RegExp(`v${number} was undone: .*: .*(?:ErrImagePull|ImagePullBackOff)`));
    assert.equal((await served(url)).version, '1');
  });

  test('a script reads what came of it, beside the exit status', () => {
    app.become({ version: 'crash', crashes: true });
    const said = deploy('--json');
    number++;
    assert.equal(said.exitCode, 1);
    const { release } = JSON.parse(said.stdout) as { release: { number: number; verdict: string; reason: string } };
    assert.deepEqual([release.number, release.verdict], [number, 'undone']);
    assert.match(release.reason, /exit code 3/);
  });

  test('a good one after all of them goes through', async () => {
    app.become({ version: '2' });
    cluster.wherry('deploy', app.folder, '--name', cluster.name);
    assert.equal((await served(url)).version, '2');
  });
});
