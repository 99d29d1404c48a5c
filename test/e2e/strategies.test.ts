import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';
import { type ReleaseApp, releaseApp, served } from './release-app.ts';

interface Told {
  readonly url: string;
  readonly plan: { readonly steps: readonly { readonly type: string; readonly sentence: string }[] };
  readonly release?: {
    readonly number: number;
    readonly verdict: string;
    readonly reason?: string;
    readonly gapMs?: number;
    readonly proof?: {
      readonly requests: number;
      readonly failed: number;
      readonly reasons: Readonly<Record<string, number>>;
      readonly phases: readonly { readonly name: string }[];
    };
  };
}

/** How long an answer takes is the test machine's; here it is counted what is lost. */
const GATES = 'gates:\n  latencyP99MsMax: 60000\n';
const NAME = `strategies-${process.pid}`;
let cluster: TestCluster;
let app: ReleaseApp;
let url: string;

const deploy = (...options: string[]): Told =>
  JSON.parse(cluster.wherry('deploy', app.folder, '--name', cluster.name, '--json', ...options)) as Told;
const objects = (...kinds: string[]): string[] =>
  cluster.kubectl('get', kinds.join(','), '-o', 'name').trim().split('\n').sort();

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME);
  app.write('wherry.yaml', GATES);
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  app.delete();
});

describe('a release through the door that users take', () => {
  test('a dry run prints the plan and changes nothing', () => {
    const said = cluster.wherry('deploy', app.folder, '--name', cluster.name, '--dry-run');
    assert.match(said, /bring up deployment\/strategies-\d+, and wait until ready/);
    assert.match(said, /Can it be rolled back\? Yes: no migration runs with it\./);
    assert.equal(cluster.kubectl('get', 'deployments,leases', '-o', 'name'), '');
  });

  test('the first brings the app up, and the same again is no release', async () => {
    const first = deploy();
    url = first.url;
    assert.equal(first.release?.verdict, 'good');
    assert.equal((await served(url)).version, '1');
    assert.equal(deploy().release, undefined);
  });

  const strategies = {
    rolling: [],
    'blue-green': ['--hold', '2s'],
    canary: ['--steps', '10:2s,50:2s,100'],
  } as const;
  for (const [index, [strategy, options]] of Object.entries(strategies).entries()) {
    test(`${strategy} loses no request of 500 a second`, async () => {
      const version = String(index + 2);
      app.become({ version });
      const { release } = deploy('--strategy', strategy, '--prove', '--rate', '500', ...options);
      assert.equal(release?.verdict, 'good');
      assert.equal(release?.proof?.failed, 0, JSON.stringify(release?.proof?.reasons));
      assert.ok((release?.proof?.requests ?? 0) > 3000, `${release?.proof?.requests} requests`);
      assert.deepEqual(
        release?.proof?.phases.map(({ name }) => name),
        ['before', 'during', 'after'],
      );
      assert.equal((await served(url)).version, version);
      assert.deepEqual(objects('deployments', 'services', 'ingresses'), [
        `deployment.apps/${NAME}`,
        `ingress.networking.k8s.io/${NAME}`,
        'service/kubernetes',
        `service/${NAME}`,
      ]);
      assert.equal(cluster.kubectl('get', 'lease', '-o', 'name'), '', 'the lease is given back');
    });
  }

  test('a canary leads just its share to the new version, and holds until another process promotes it', async () => {
    app.become({ version: '4b' });
    const held = cluster.tryWherry([
      ...['deploy', app.folder, '--name', cluster.name, '--strategy', 'canary', '--steps', '25:hold,100', '--detach'],
    ]);
    assert.equal(held.exitCode, 0, held.stderr);
    assert.match(held.stdout, /v5 waits: wherry promote goes on, wherry abort goes back/);
    const versions: string[] = [];
    for (let count = 0; count < 40; count++) versions.push((await served(url)).version);
    assert.equal(versions.filter((version) => version === '4b').length, 10);
    const other = cluster.tryWherry(['deploy', app.folder, '--name', cluster.name]);
    assert.equal(other.exitCode, 1);
    assert.match(other.stderr, /v5: waits at step \d+ of \d+ \(.*\)\nwherry promote goes on, wherry abort goes back\./);
    cluster.wherry('promote', '--name', cluster.name);
    assert.equal((await served(url)).version, '4b');
  });

  test('recreate says how long nothing served', async () => {
    app.become({ version: '5' });
    const { release } = deploy('--strategy', 'recreate');
    assert.equal(release?.verdict, 'good');
    assert.ok((release?.gapMs ?? 0) > 0, `${release?.gapMs} ms`);
    assert.match(release?.reason ?? '', /^nothing served for \d+\.\d s$/);
    assert.equal((await served(url)).version, '5');
  });

  test('a change of configuration alone is a release', async () => {
    app.write('wherry.yaml', `environment:\n  GREETING: hello\n${GATES}`);
    const { release, plan } = deploy();
    assert.equal(release?.verdict, 'good');
    assert.match(plan.steps[0]?.sentence ?? '', /^write configmap\//);
    assert.deepEqual(await served(url), { version: '5', greeting: 'hello' });
  });
});

describe('rollback', () => {
  test('goes back to the release before, or the one named, each time as a new release', async () => {
    cluster.wherry('rollback', '--name', cluster.name);
    assert.deepEqual(await served(url), { version: '5', greeting: 'none' });
    cluster.wherry('rollback', 'v2', '--name', cluster.name);
    assert.equal((await served(url)).version, '2');
    const said = cluster.wherry('releases', '--name', cluster.name);
    assert.match(said, /v9 \(back to v2\).*\n.*v8 \(back to v6\)/);
    const bad = cluster.tryWherry(['rollback', 'v99', '--name', cluster.name]);
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stderr, /has no release v99/);
  });
});

describe('a place that is called like production', () => {
  test('is not released to without a word, nor is anything begun', () => {
    const said = cluster.tryWherry(['deploy', app.folder, '--name', cluster.name, '-n', 'shop-prod']);
    assert.match(said.stderr, /^error shop-prod: looks like production\nSay --yes if it is meant\.\n$/);
    assert.ok(!cluster.kubectl('get', 'namespaces', '-o', 'name').includes('shop-prod'));
  });

  test('is when --yes says so, in a namespace that is made for it', () => {
    const said = cluster.tryWherry(['deploy', app.folder, '--name', cluster.name, '-n', 'shop-prod', '--yes']);
    assert.equal(said.exitCode, 0, said.stderr);
    assert.match(cluster.kubectl('get', 'deployments', '-n', 'shop-prod', '-o', 'name'), /^deployment\.apps\//);
    cluster.kubectl('delete', 'namespace', 'shop-prod', '--wait=false');
  });
});

describe('two people at once', () => {
  test('the second is told who releases what, and may promote or abort it', async () => {
    app.become({ version: '9' });
    const child = spawn(
      process.execPath,
      [
        join(process.cwd(), 'dist/wherry.mjs'),
        ...['deploy', app.folder, '--name', cluster.name, '--strategy', 'blue-green', '--hold'],
      ],
      {
        env: {
          ...process.env,
          WHERRY_HOME: cluster.home,
          WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
        },
        stdio: 'pipe',
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    await eventually('the hold', () => said.includes('waits: wherry promote'));
    assert.equal((await served(url)).version, '9');
    const second = cluster.tryWherry(['deploy', app.folder, '--name', cluster.name]);
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, /: \S+@\S+\/\d+ is releasing v10 of \S+ \(step \d of \d: hold\), since \d+ s ago/);
    cluster.wherry('promote', '--name', cluster.name);
    assert.equal(await ended, 0, said);
    assert.equal((await served(url)).version, '9');
    assert.equal(cluster.tryWherry(['abort', '--name', cluster.name]).exitCode, 1, 'nothing is left to abort');
  });
});

describe('a fresh base', () => {
  test('is a release of the same source, which stays when the app is deployed again', () => {
    const imageOf = () =>
      cluster.kubectl('get', 'deployment', NAME, '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
    const before = imageOf();
    const { release } = deploy('--patch-base');
    const image = imageOf();
    // Where the base is as it was there is nothing to release.
    if (release) assert.match(image, new RegExp(`^${before}-[0-9a-f]{8}$`));
    else assert.equal(image, before);
    assert.equal(deploy().release, undefined);
    assert.equal(imageOf(), image);
  });
});
