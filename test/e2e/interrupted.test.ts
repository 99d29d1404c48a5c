import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cutOff, isClean, STEPS, STRATEGIES } from './cut-off.ts';
import { type TestCluster, testCluster } from './harness.ts';
import { type ReleaseApp, releaseApp } from './release-app.ts';

const NAME = `interrupted-${process.pid}`;
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

describe('a release whose process is killed', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    const command = () => ['deploy', app.folder, '--strategy', strategy, ...STRATEGIES[strategy]];

    test(`${strategy}: at every step once, is resumed each time and ends well`, async () => {
      version = version === 'a' ? 'b' : 'a';
      app.become({ version });
      for (let step = 1; step <= STEPS[strategy]; step++) {
        const { of } = await cutOff(cluster, step === 1 ? command() : ['resume'], step, 'SIGKILL');
        assert.equal(of, STEPS[strategy]);
      }
      cluster.wherry('resume', '--name', cluster.name);
      await isClean(cluster, NAME, url, version);
    });
  }
});

describe('whoever comes next', () => {
  test('is told where a killed release was left, and nothing else is begun', async () => {
    const next = version === 'a' ? 'b' : 'a';
    app.become({ version: next });
    await cutOff(cluster, ['deploy', app.folder, '--strategy', 'blue-green', '--hold', '3s'], 5, 'SIGKILL');
    for (const command of [['deploy', app.folder], ['rollback']]) {
      const said = cluster.tryWherry([...command, '--name', cluster.name]);
      assert.equal(said.exitCode, 1);
      assert.match(
        said.stderr,
        /^error v\d+: was interrupted at step 5 of 8 \(\S+@\S+, \d+ s ago\)\nwherry resume goes on, wherry abort goes back\.\n$/,
      );
    }
    cluster.wherry('abort', '--name', cluster.name);
    await isClean(cluster, NAME, url, version);
  });

  test('SIGINT ends the process at once, and says the same', async () => {
    const next = version === 'a' ? 'b' : 'a';
    app.become({ version: next });
    const { said, exitCode } = await cutOff(
      cluster,
      ['deploy', app.folder, '--strategy', 'blue-green', '--hold', '3s'],
      5,
      'SIGINT',
    );
    assert.equal(exitCode, 1);
    assert.match(said, /error v\d+: stopped at step 5 of 8\nwherry resume goes on, wherry abort goes back\./);
    cluster.wherry('resume', '--name', cluster.name);
    version = next;
    await isClean(cluster, NAME, url, version);
  });
});
