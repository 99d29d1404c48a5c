import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../base/index.ts';
import type { DevelopedPart, DevelopmentEvent, DevelopmentOptions, SyncResult } from './contract.ts';
import { putInPlace } from './put-in-place.ts';
import { runningPod } from './running-pod.ts';
import { watchFolder } from './watch-folder.ts';
import { destinationOf } from './way.ts';

/** A file's own time is believed as the time of the save when it is so young. */
const FRESH_MS = 2000;

/**
 * Brings every saved file to the running app until the signal aborts (or once): put into its container where that is
 * enough, by another image where not. What fails is told, and the next save tries again. Changes that come meanwhile are
 * taken together.
 */
export async function develop(options: DevelopmentOptions): Promise<void> {
  const { place, directory, signal, onEvent } = options;
  const { clock } = place;
  let { way, parts, ignores } = options;
  /** What the image does not have; a new pod needs all of it again. */
  const unbuilt = new Set<string>();
  const pods = new Map<string, string>();
  let waiting = new Set<string>();
  let savedAtMs = 0;
  let wake: () => void = () => {};
  let lost: unknown;

  const sync = async (paths: readonly string[]): Promise<DevelopmentEvent | undefined> => {
    if (way.is !== 'sync') return undefined;
    for (const path of paths) unbuilt.add(path);
    const results = await Promise.all(parts.map((part) => syncPart(part, paths)));
    const failed = results.find((result) => result.is === 'failed');
    return failed && { type: 'failed', what: failed.what, output: failed.output, logged: failed.logged ?? false };
  };
  const syncPart = async (part: DevelopedPart, paths: readonly string[]): Promise<SyncResult> => {
    if (way.is !== 'sync') return { is: 'running' };
    const sure = way;
    const pod = await runningPod(place, part, signal);
    const isNew = pods.get(part.deployment) !== pod.uid;
    const files = (isNew ? [...unbuilt] : paths).flatMap((path) => {
      const to = destinationOf(sure, path);
      return to === undefined ? [] : [{ path, to }];
    });
    const result = await putInPlace(place, pod.name, part.container, part, sure, directory, files);
    pods.set(part.deployment, pod.uid);
    return result;
  };
  const bring = async (paths: readonly string[], since: number): Promise<DevelopmentEvent> => {
    const sure = way;
    const misfit = sure.is === 'sync' ? paths.find((path) => destinationOf(sure, path) === undefined) : undefined;
    const by = sure.is === 'sync' && misfit === undefined ? 'sync' : 'rebuild';
    const why = sure.is === 'rebuild' ? sure.why : misfit === undefined ? undefined : `${misfit} decides the image`;
    onEvent({ type: 'changed', paths, by, ...(why === undefined ? {} : { why }) });
    try {
      if (by === 'rebuild') {
        ({ way, parts, ignores } = await options.rebuild());
        unbuilt.clear();
        pods.clear();
      } else {
        const failed = await sync(paths);
        if (failed) return failed;
      }
      await options.isServed(signal);
      return { type: 'served', paths, by, tookMs: Math.round(clock.now() - since) };
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
      const [place = '', ...more] = messageOf(error).split('\n');
      return { type: 'failed', what: place, output: more, logged: false };
    }
  };

  const watcher = await watchFolder(directory, {
    clock,
    ignores: (path) => ignores(path),
    onChange(paths, seenAtMs) {
      if (waiting.size === 0) savedAtMs = seenAtMs;
      for (const path of paths) waiting.add(path);
      wake();
    },
    onError(error) {
      lost = error;
      wake();
    },
  });
  const stop = (): void => wake();
  signal.addEventListener('abort', stop, { once: true });
  try {
    options.onWatching();
    while (!signal.aborted) {
      if (lost !== undefined) throw new UserError(directory, `cannot be watched: ${messageOf(lost)}`);
      if (waiting.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const paths = [...waiting];
      waiting = new Set();
      const event = await bring(paths, await saveTime(directory, paths, savedAtMs));
      onEvent(event);
      if (options.once) {
        if (event.type === 'failed') throw new UserError(event.what, 'failed', event.output.join('\n'));
        return;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await watcher.close();
  }
}

/** When the newest file was written; a copied file may carry an older time, so that the sight of the change counts then. */
async function saveTime(directory: string, paths: readonly string[], seenAtMs: number): Promise<number> {
  const times = await Promise.all(
    paths.map(async (path) => {
      try {
        return (await stat(join(directory, path))).mtimeMs;
      } catch {
        return 0;
      }
    }),
  );
  const newest = Math.max(...times);
  return seenAtMs - newest < FRESH_MS ? Math.min(newest, seenAtMs) : seenAtMs;
}
