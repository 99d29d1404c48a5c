import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TestCluster, testCluster } from './harness.ts';
import { type ReleaseApp, releaseApp, served } from './release-app.ts';

const NAME = `interrupted-${process.pid}`;
const OPTIONS = {
  rolling: [],
  recreate: [],
  'blue-green': ['--hold', '1s'],
  canary: ['--steps', '50:1s,100'],
} as const;
/** Steps of a release that changes the image only, and those that it is taken back from here. */
const STEPS = { rolling: 2, recreate: 3, 'blue-green': 8, canary: 10 } as const;
const ABORTED_AT = { rolling: [1], recreate: [2], 'blue-green': [6], canary: [8] } as const;

let cluster: TestCluster;
let app: ReleaseApp;
let url: string;
let version = 'a';

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME);
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
  app.become({ version });
  url = cluster.wherry('deploy', app.folder, '--name', cluster.name).trim().split('\n').at(-1) ?? '';
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  app.delete();
});

/** Starts a command and ends its process as it begins a step, by a signal that it hears (SIGINT) or cannot (SIGKILL). */
async function cutOff(
  args: readonly string[],
  step: number,
  signal: 'SIGKILL' | 'SIGINT',
): Promise<{ said: string; of: number; exitCode: number | null }> {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/wherry.mjs'), ...args, '--name', cluster.name], {
    env: { ...process.env, WHERRY_HOME: cluster.home, WHERRY_IMAGES: '/var/lib/wherry/images' },
    stdio: 'pipe',
  });
  let said = '';
  let of = 0;
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const begun = new RegExp(`^  \\S+ +${step}/(\\d+) `, 'm').exec(said);
      if (!begun || of > 0) return;
      of = Number(begun[1]);
      child.kill(signal);
    });
  }
  const exitCode = await ended;
  assert.ok(of > 0, `step ${step} was never begun:\n${said}`);
  return { said, of, exitCode };
}

async function isClean(wanted: string): Promise<void> {
  assert.equal((await served(url)).version, wanted);
  const objects = cluster.kubectl('get', 'deployments,services,ingresses,leases', '-o', 'name').trim().split('\n');
  assert.deepEqual(objects.sort(), [
    `deployment.apps/${NAME}`,
    `ingress.networking.k8s.io/${NAME}`,
    `service/${NAME}`,
    'service/kubernetes',
  ]);
}

describe('a release whose process is killed', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    const command = () => ['deploy', app.folder, '--strategy', strategy, ...OPTIONS[strategy]];

    test(`${strategy}: at every step once, is resumed each time and ends well`, async () => {
      version = version === 'a' ? 'b' : 'a';
      app.become({ version });
      for (let step = 1; step <= STEPS[strategy]; step++) {
        const { of } = await cutOff(step === 1 ? command() : ['resume'], step, 'SIGKILL');
        assert.equal(of, STEPS[strategy]);
      }
      cluster.wherry('resume', '--name', cluster.name);
      await isClean(version);
    });

    test(`${strategy}: is aborted from where it was left, and the old version serves`, async () => {
      app.become({ version: version === 'a' ? 'b' : 'a' });
      for (const step of ABORTED_AT[strategy]) {
        await cutOff(command(), step, 'SIGKILL');
        const said = cluster.tryWherry(['abort', '--name', cluster.name]);
        assert.equal(said.exitCode, 0, `${strategy} at step ${step}:\n${said.stdout}\n${said.stderr}`);
        await isClean(version);
      }
    });
  }
});

describe('whoever comes next', () => {
  test('is told where a killed release was left, and nothing else is begun', async () => {
    const next = version === 'a' ? 'b' : 'a';
    app.become({ version: next });
    await cutOff(['deploy', app.folder, '--strategy', 'blue-green', '--hold', '3s'], 5, 'SIGKILL');
    for (const command of [['deploy', app.folder], ['rollback']]) {
      const said = cluster.tryWherry([...command, '--name', cluster.name]);
      assert.equal(said.exitCode, 1);
      assert.match(
        said.stderr,
        /^error v\d+: was interrupted at step 5 of 8 \(\S+@\S+, \d+ s ago\)\nwherry resume goes on, wherry abort goes back\.\n$/,
      );
    }
    cluster.wherry('abort', '--name', cluster.name);
    await isClean(version);
  });

  test('SIGINT ends the process at once, and says the same', async () => {
    const next = version === 'a' ? 'b' : 'a';
    app.become({ version: next });
    const { said, exitCode } = await cutOff(
      ['deploy', app.folder, '--strategy', 'blue-green', '--hold', '3s'],
      5,
      'SIGINT',
    );
    assert.equal(exitCode, 1);
    assert.match(said, /error v\d+: stopped at step 5 of 8\nwherry resume goes on, wherry abort goes back\./);
    cluster.wherry('resume', '--name', cluster.name);
    version = next;
    await isClean(version);
  });
});
