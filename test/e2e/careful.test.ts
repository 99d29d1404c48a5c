import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cutOff, isClean } from './cut-off.ts';
import { eventually, type Said, type TestCluster, testCluster } from './harness.ts';
import { ask, type ReleaseApp, releaseApp } from './release-app.ts';

/** The longest name that an app may have. */
const NAME = `careful-${process.pid}-`.padEnd(40, 'x');
const TEAM = 'team';

let cluster: TestCluster;
let app: ReleaseApp;
let url: string;

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME, { migrates: true });
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
  app.become({ version: 'a' });
  url = cluster.wherry('deploy', app.folder, '--name', cluster.name).trim().split('\n').at(-1) ?? '';
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  app.delete();
});

/** Asks all the time, one request after the other on each of four lines, until stopped. */
function requests(): { stop(): Promise<{ good: number; failed: string[] }> } {
  let isGoing = true;
  let good = 0;
  const failed: string[] = [];
  const line = async (): Promise<void> => {
    while (isGoing) {
      const { status, text } = await ask(`${url}/version`).catch((error: unknown) => ({ status: 0, text: `${error}` }));
      if (status === 200) good++;
      else failed.push(`${status} ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const lines = [line(), line(), line(), line()];
  return {
    async stop() {
      isGoing = false;
      await Promise.all(lines);
      return { good, failed };
    },
  };
}

/** Without stopping this process, which asks meanwhile. */
async function alongside(...args: string[]): Promise<Said> {
  const words = [join(process.cwd(), 'dist/wherry.mjs'), ...args, '--name', cluster.name];
  const env = { ...process.env, WHERRY_HOME: cluster.home, WHERRY_IMAGES: '/var/lib/wherry/images' };
  const child = spawn(process.execPath, words, { env, stdio: 'pipe', timeout: 120_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 128)));
  return { exitCode, stdout, stderr };
}

describe('a hold', () => {
  test('of a canary is promoted twice while requests flow, and none fails', async () => {
    app.become({ version: 'b' });
    const flow = requests();
    const steps = ['--strategy', 'canary', '--steps', '20:hold,60:hold,100', '--detach'];
    const held = await alongside('deploy', app.folder, ...steps);
    assert.equal(held.exitCode, 0, held.stderr);
    const going = alongside('promote');
    await eventually('the second hold', () => /\(step \d+ of \d+: hold\)/.test(doing()) && isAt('60 %'));
    const last = await alongside('promote');
    assert.equal(last.exitCode, 0, last.stderr);
    assert.equal((await going).exitCode, 0);
    const { good, failed } = await flow.stop();
    assert.deepEqual(failed, []);
    assert.ok(good > 500, `${good} requests`);
    await isClean(cluster, NAME, url, 'b');
  });

  test('that a SIGTERM ends is left as it is, and taken back', async () => {
    app.become({ version: 'c' });
    const flags = ['--strategy', 'blue-green', '--hold', '20s'];
    const plan = JSON.parse(
      cluster.wherry('deploy', app.folder, ...flags, '--name', cluster.name, '--dry-run', '--json'),
    ) as { plan: { steps: { type: string }[] } };
    const hold = plan.plan.steps.findIndex(({ type }) => type === 'hold') + 1;
    const { said, exitCode } = await cutOff(cluster, ['deploy', app.folder, ...flags], hold, 'SIGTERM');
    assert.equal(exitCode, 1);
    assert.match(said, new RegExp(`error v3: stopped at step ${hold} of \\d+\\nwherry resume goes on`));
    const aborted = cluster.tryWherry(['abort', '--name', cluster.name]);
    assert.equal(aborted.exitCode, 0, aborted.stderr);
    await isClean(cluster, NAME, url, 'b');
  });

  const doing = (): string =>
    cluster.kubectl('get', 'lease', `wherry-${NAME}`, '-o', 'jsonpath={.metadata.annotations.wherry/doing}');
  const isAt = (share: string): boolean =>
    cluster
      .kubectl('get', 'ingress', `${NAME}-next`, '-o', 'jsonpath={.metadata.annotations}')
      .includes(`canary-weight":"${share.replace(' %', '')}"`);
});

describe('a user with rights in one namespace only', () => {
  const config = (): string => join(cluster.home, 'bob.kubeconfig');
  const allow = (name: string, verbs: string, resources: string): void => {
    cluster.kubectl('-n', TEAM, 'create', 'role', name, `--verb=${verbs}`, `--resource=${resources}`);
    cluster.kubectl('-n', TEAM, 'create', 'rolebinding', name, `--role=${name}`, `--serviceaccount=${TEAM}:bob`);
  };
  const deploy = (...more: string[]): Said => {
    const image = cluster.kubectl(
      'get',
      'deployment',
      NAME,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    const words = ['deploy', app.folder, '--context', 'bob', '--image', image, '--app', 'shop', ...more];
    return cluster.tryWherry(words, { env: { KUBECONFIG: config() } });
  };

  before(() => {
    cluster.kubectl('create', 'namespace', TEAM);
    cluster.kubectl('-n', TEAM, 'create', 'serviceaccount', 'bob');
    const token = cluster.kubectl('-n', TEAM, 'create', 'token', 'bob').trim();
    const of = JSON.parse(cluster.kubectl('config', 'view', '--raw', '--flatten', '-o', 'json')) as {
      clusters: { name: string }[];
    };
    const settings = {
      ...of,
      users: [{ name: 'bob', user: { token } }],
      contexts: [{ name: 'bob', context: { cluster: of.clusters[0]?.name, user: 'bob', namespace: TEAM } }],
      'current-context': 'bob',
    };
    // JSON is YAML.
    writeFileSync(config(), JSON.stringify(settings), { mode: 0o600 });
  });

  test('is told the verb and the resource that are missing: of leases, then of Secrets', () => {
    const first = deploy();
    assert.equal(first.exitCode, 1);
    assert.match(first.stderr, /^error leases\.coordination\.k8s\.io .* cannot get resource "leases"/m);
    allow('leases', '*', 'leases.coordination.k8s.io');
    assert.match(deploy().stderr, /^error secrets .* cannot list resource "secrets"/m);
  });

  test('is told before anything runs what a later step would be refused', () => {
    allow('records', '*', 'secrets,configmaps,jobs.batch');
    const kinds = 'services,deployments.apps,poddisruptionbudgets.policy,pods,events,replicasets.apps';
    allow('reader', 'get,list,watch', `${kinds},endpointslices.discovery.k8s.io`);
    const { exitCode, stderr } = deploy();
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error namespace team: you may not create services, patch services, .*create deployments\.apps, patch deployments\.apps; nothing was changed\nAsk whoever runs the cluster for it\. To see it: kubectl auth can-i create services -n team/m,
    );
    const left = cluster.kubectl('-n', TEAM, 'get', 'jobs,leases,secrets', '-o', 'name');
    assert.equal(left, '', 'no migration, no lease, no record');
  });

  test('deploys by any strategy without being let see namespaces or Ingresses', () => {
    allow('writer', 'create,patch,delete', 'services,deployments.apps,poddisruptionbudgets.policy');
    allow('smoker', 'get', 'services/proxy,pods/log');
    const first = deploy();
    assert.equal(first.exitCode, 0, first.stderr + first.stdout);
    for (const strategy of [
      ['blue-green', '--hold', '1s'],
      ['canary', '--steps', '50:1s,100'],
    ]) {
      app.write('wherry.yaml', `migrate: node migrate.js\nenvironment:\n  GREETING: ${strategy[0]}\n`);
      const next = deploy('--strategy', ...strategy);
      assert.equal(next.exitCode, 0, next.stderr + next.stdout);
      assert.equal(
        cluster.kubectl('-n', TEAM, 'get', 'deployments,services,leases', '-o', 'name'),
        'deployment.apps/shop\nservice/shop\n',
      );
    }
  });
});
