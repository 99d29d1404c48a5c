import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/index.ts';
import { childOf, isRunning, markOf, type ProcessMark } from './state.ts';

/**
 * The first process of a cluster's namespaces. It reaps what is orphaned inside, and everything inside ends with it.
 * crun refuses a host with both cgroup versions, so the extra v2 mount goes, in here only.
 */
const FIRST_PROCESS = `umount /sys/fs/cgroup/unified 2>/dev/null
hostname "$1"
echo ready
exec 1>&- 2>&-
trap : TERM INT HUP
sleep infinity &
while :; do wait; kill -0 $! 2>/dev/null || sleep infinity & done`;

const START_TIMEOUT_MS = 10_000;
const CGROUPS_TIMEOUT_MS = 5_000;

/** Makes the namespaces; answers their first process as the host counts. */
export function startBundle(hostname: string): Promise<ProcessMark> {
  return new Promise((resolve, reject) => {
    const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
    const parent = spawn('unshare', [...namespaces, 'sh', '-c', FIRST_PROCESS, 'wherry', hostname], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
    });
    let faults = '';
    const fail = (why: string, cause?: unknown) => {
      clearTimeout(timer);
      parent.kill('SIGKILL');
      reject(
        new UserError(
          'cluster',
          `its namespaces could not be made: ${why}`,
          'See what this machine allows with: wherry doctor',
          { cause },
        ),
      );
    };
    const timer = setTimeout(() => fail('no answer within 10 s'), START_TIMEOUT_MS);
    parent.on('error', (error) => fail(error.message, error));
    parent.on('exit', () => fail(faults.trim() || 'unshare ended'));
    parent.stderr.on('data', (chunk: Buffer) => {
      faults += chunk.toString();
    });
    parent.stdout.once('data', () => {
      clearTimeout(timer);
      parent.removeAllListeners('exit');
      const inner = parent.pid === undefined ? undefined : childOf(parent.pid);
      const mark = inner === undefined ? undefined : markOf(inner);
      parent.stdout.destroy();
      parent.stderr.destroy();
      parent.unref();
      if (mark) resolve(mark);
      else fail('their first process ended at once');
    });
  });
}

/** Ends everything inside and waits until the kernel has. */
export async function endBundle(bundle: ProcessMark | undefined, timeoutMs: number): Promise<void> {
  if (!isRunning(bundle)) return;
  process.kill(bundle.pid, 'SIGKILL');
  await untilGone(bundle, timeoutMs);
}

/** @throws Error when it is still there after the time. */
export async function untilGone(mark: ProcessMark, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(mark)) {
    if (performance.now() > deadline) throw new Error(`process ${mark.pid} did not end within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The cgroups of a cluster (see cgroupNameOf), in every tree; its processes are gone by now, or about to be. */
export async function removeCgroups(cgroupName: string): Promise<void> {
  const root = '/sys/fs/cgroup';
  const trees = existsSync(join(root, 'cgroup.controllers'))
    ? [root]
    : (await readdir(root).catch(() => [])).map((tree) => join(root, tree));
  const deadline = performance.now() + CGROUPS_TIMEOUT_MS;
  for (const tree of trees) {
    const directory = join(tree, 'wherry', cgroupName);
    // The kernel takes a moment to let go of the last process of a cgroup.
    while (existsSync(directory) && !(await removeBelow(directory)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // The shared parent goes with the last cluster.
    await rmdir(join(tree, 'wherry')).catch(() => undefined);
  }
}

async function removeBelow(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeBelow(join(directory, entry.name));
  return rmdir(directory).then(
    () => true,
    () => !existsSync(directory),
  );
}
