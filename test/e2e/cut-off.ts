import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestCluster } from './harness.ts';
import { served } from './release-app.ts';

/** Each strategy with what makes it short. */
export const STRATEGIES = {
  rolling: [],
  recreate: [],
  'blue-green': ['--hold', '1s'],
  canary: ['--steps', '50:1s,100'],
} as const;

/** Steps of a release that changes the image only. */
export const STEPS = { rolling: 2, recreate: 3, 'blue-green': 8, canary: 10 } as const;

/** Starts a command and ends its process as it begins a step, by a signal that it hears or cannot (SIGKILL). */
export async function cutOff(
  cluster: TestCluster,
  args: readonly string[],
  step: number,
  signal: 'SIGKILL' | 'SIGINT' | 'SIGTERM',
): Promise<{ said: string; of: number; exitCode: number | null }> {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/wherry.mjs'), ...args, '--name', cluster.name], {
    env: {
      ...process.env,
      WHERRY_HOME: cluster.home,
      WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
    },
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

/** The version wanted serves, from its stable place; nothing of a try, no lease and no unfinished release is left. */
export async function isClean(cluster: TestCluster, app: string, url: string, wanted: string): Promise<void> {
  assert.equal((await served(url)).version, wanted);
  const objects = cluster.kubectl('get', 'deployments,services,ingresses,leases', '-o', 'name').trim().split('\n');
  const wantedObjects = [`deployment.apps/${app}`, `ingress.networking.k8s.io/${app}`, `service/${app}`];
  assert.deepEqual(objects.sort(), [...wantedObjects, 'service/kubernetes'].sort());
  const track = cluster.kubectl('get', 'service', app, '-o', 'jsonpath={.spec.selector.wherry/track}');
  assert.equal(track, 'stable');
  const running = cluster.kubectl('get', 'secrets', '-l', 'wherry/verdict=running', '-o', 'name');
  assert.equal(running, '', 'a release is unfinished');
}
