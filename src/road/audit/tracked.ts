import { run } from '../../base/index.ts';

const TIMEOUT_MS = 10_000;

/** The files of a folder that git keeps, relative to it; undefined where there is no repository or no git. */
export async function trackedFiles(directory: string): Promise<ReadonlySet<string> | undefined> {
  try {
    // No hook or watcher that the repository names may run because it was looked at.
    const { stdout, exitCode } = await run('git', ['-c', 'core.fsmonitor=false', 'ls-files', '-z', '--', '.'], {
      cwd: directory,
      timeoutMs: TIMEOUT_MS,
      allowFailure: true,
    });
    return exitCode === 0 ? new Set(stdout.split('\0').filter((path) => path !== '')) : undefined;
  } catch {
    return undefined;
  }
}
