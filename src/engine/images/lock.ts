import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Takes a lock between processes and returns what gives it back. It is the kernel's (flock(2)), held by a small child
 * whose input ends with us: a process that dies, in whatever process namespace, cannot leave it behind. Files with a
 * process number in them would not do: the engine and a build count their processes differently.
 * @returns undefined when `wait` is false and another has it
 */
export async function takeLock(
  path: string,
  options: { shared?: boolean; wait?: boolean; signal?: AbortSignal } = {},
): Promise<(() => void) | undefined> {
  const mode = options.shared ? '--shared' : '--exclusive';
  const wait = options.wait === false ? ['--nonblock'] : [];
  const child = spawn('flock', [mode, ...wait, '--no-fork', path, 'sh', '-c', 'echo; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(() => false);
  const got = await Promise.race([once(child.stdout, 'data').then(() => true), ended]);
  if (got) {
    child.unref();
    return () => child.stdin.end();
  }
  options.signal?.throwIfAborted();
  if (options.wait === false) return undefined;
  throw new Error(`lock ${path}: the program flock of util-linux could not take it`);
}

/** Runs `work` while holding the lock. */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(path, signal ? { signal } : {});
  try {
    return await work();
  } finally {
    release?.();
  }
}
