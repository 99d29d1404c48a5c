import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { cutOff, isClean } from './cut-off.ts';
import { type TestCluster, testCluster } from './harness.ts';
import { type ReleaseApp, releaseApp } from './release-app.ts';

const NAME = `prompts-${process.pid}`;
const DOWN = '\u001b[B';
const ENTER = '\r';

let cluster: TestCluster;
let app: ReleaseApp;
let url: string;

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME);
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

/** Runs a command on a terminal and types once it asks what is expected. */
async function typed(
  args: readonly string[],
  question: string,
  keys: readonly string[],
): Promise<{ said: string; exitCode: number | null; asked: boolean }> {
  const words = [process.execPath, join(process.cwd(), 'dist/wherry.mjs'), ...args, '--name', cluster.name];
  const line = words.map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols 160 rows 40; exec ${line}`, '/dev/null'], {
    env: {
      ...process.env,
      WHERRY_HOME: cluster.home,
      WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
      KUBECONFIG: join(cluster.home, 'user-kubeconfig'),
      TERM: 'xterm-256color',
    },
    stdio: 'pipe',
  });
  const bound = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let said = '';
  let asked = false;
  child.stdout.on('data', (chunk: Buffer) => {
    said += stripVTControlCharacters(chunk.toString());
    if (asked || !said.includes(question)) return;
    asked = true;
    // Keys come one by one, as a hand types them.
    for (const [index, key] of keys.entries()) setTimeout(() => child.stdin.write(key), 300 * (index + 1));
  });
  const exitCode = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearTimeout(bound);
  return { said, exitCode, asked };
}

/** The newest first. */
const verdicts = (): string[] =>
  (JSON.parse(cluster.wherry('releases', '--name', cluster.name, '--json')) as { verdict: string }[])
    .map(({ verdict }) => verdict)
    .reverse();

describe('a release that was cut off, on a terminal', () => {
  const QUESTION = 'What shall become of it?';
  const deploy = () => ['deploy', app.folder];
  const cut = () => cutOff(cluster, [...deploy(), '--strategy', 'blue-green', '--hold', '3s'], 5, 'SIGKILL');

  test('may be left as it is', async () => {
    app.become({ version: 'b' });
    await cut();
    const { said, exitCode, asked } = await typed(deploy(), QUESTION, [DOWN, DOWN, ENTER]);
    assert.ok(asked, said);
    assert.equal(exitCode, 1);
    assert.match(said, /v2 was interrupted at step 5 of 8[\s\S]*error v2: was interrupted at step 5 of 8/);
    assert.deepEqual(verdicts(), ['running', 'good']);
  });

  test('is left as it is by Ctrl-C, and without a question by --yes', async () => {
    const stopped = await typed(deploy(), QUESTION, ['\u0003']);
    assert.ok(stopped.asked, stopped.said);
    assert.equal(stopped.exitCode, 1, stopped.said);
    const unasked = await typed([...deploy(), '--yes'], QUESTION, []);
    assert.equal(unasked.exitCode, 1);
    assert.ok(!unasked.asked, unasked.said);
    assert.match(unasked.said, /error v2: was interrupted at step 5 of 8.*\r?\nwherry resume goes on/);
    assert.deepEqual(verdicts(), ['running', 'good']);
  });

  test('is taken back when that is chosen, and then the new one is released', async () => {
    const { said, exitCode } = await typed(deploy(), QUESTION, [DOWN, ENTER]);
    assert.equal(exitCode, 0, said);
    assert.deepEqual(verdicts(), ['good', 'aborted', 'good']);
    await isClean(cluster, NAME, url, 'b');
  });

  test('goes on when that is chosen; what it brought is not released again', async () => {
    app.become({ version: 'c' });
    await cut();
    const { said, exitCode } = await typed(deploy(), QUESTION, [ENTER]);
    assert.equal(exitCode, 0, said);
    assert.match(said, /is as wanted already \(v4\); no release is made/);
    assert.deepEqual(verdicts(), ['good', 'good', 'aborted', 'good']);
    await isClean(cluster, NAME, url, 'c');
  });

  test('that waits at its hold is promoted when that is chosen, by wherry up too', async () => {
    app.become({ version: 'd' });
    cluster.wherry(...deploy(), '--name', cluster.name, '--strategy', 'blue-green', '--hold', '--detach');
    const { said, exitCode } = await typed(['up', app.folder], QUESTION, [ENTER]);
    assert.equal(exitCode, 0, said);
    assert.match(said, /promote: go on past the hold/);
    assert.deepEqual(verdicts().slice(0, 2), ['good', 'good']);
    await isClean(cluster, NAME, url, 'd');
  });
});

describe('a place that is called like production, on a terminal', () => {
  const QUESTION = `shop-prod looks like production. Deploy ${NAME} to it?`;
  const deploy = () => ['deploy', app.folder, '-n', 'shop-prod'];
  const namespaces = (): string => cluster.kubectl('get', 'namespaces', '-o', 'name');

  test('is left alone when only Enter is pressed', async () => {
    const { said, exitCode, asked } = await typed(deploy(), QUESTION, [ENTER]);
    assert.ok(asked, said);
    assert.equal(exitCode, 1);
    assert.match(said, /error shop-prod: not confirmed, nothing was changed/);
    assert.ok(!namespaces().includes('shop-prod'));
  });

  test('is released to when the answer is yes', async () => {
    const { said, exitCode } = await typed(deploy(), QUESTION, ['y']);
    assert.equal(exitCode, 0, said);
    assert.match(cluster.kubectl('get', 'deployments', '-n', 'shop-prod', '-o', 'name'), /^deployment\.apps\//);
  });
});
