import { relative, sep } from 'node:path';
import type { Clock } from '../../base/index.ts';

/** Never of interest, however the app ignores: history, installed packages, what tools leave behind. */
const NEVER = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '.venv',
  'venv',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.idea',
  '.vscode',
]);
/** What editors write beside a file while it is being saved. */
const PASSING = /(?:~|\.sw[a-z]|\.tmp|\.bak|\.crdownload|^4913|^\.#.*|^#.*#)$/;
/** A save is often several events; they are taken together. */
const TOGETHER_MS = 40;
const CHANGES_MAX = 10_000;

export interface WatchOptions {
  readonly clock: Clock;
  /** Whether a path, relative to the folder, stays out of the build context. */
  readonly ignores: (path: string) => boolean;
  /** Called with the paths changed, relative, and when the first change was seen (the clock's wall time). */
  readonly onChange: (paths: readonly string[], seenAtMs: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Watches a folder until closed; resolves when every later change will be seen. */
export async function watchFolder(folder: string, options: WatchOptions): Promise<{ close(): Promise<void> }> {
  const { watch } = await import('chokidar');
  const { clock, onChange } = options;
  const changed = new Set<string>();
  let seenAtMs = 0;
  const ignored = (full: string): boolean => {
    const path = relative(folder, full).split(sep).join('/');
    if (path === '') return false;
    const names = path.split('/');
    return names.some((name) => NEVER.has(name)) || PASSING.test(names.at(-1) ?? '') || options.ignores(path);
  };
  const watcher = watch(folder, { ignored, ignoreInitial: true, followSymlinks: false });
  const flush = (): void => {
    const paths = [...changed].sort();
    changed.clear();
    onChange(paths, seenAtMs);
  };
  watcher.on('all', (event, full) => {
    if (event === 'addDir' || (event as string) === 'ready') return;
    if (changed.size === 0) {
      seenAtMs = clock.now();
      clock.after(TOGETHER_MS, flush);
    }
    // Beyond the bound a folder was exchanged as a whole; the rest comes with the next change of it.
    if (changed.size < CHANGES_MAX) changed.add(relative(folder, full).split(sep).join('/'));
  });
  watcher.on('error', options.onError);
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve);
  });
  return { close: () => watcher.close() };
}
