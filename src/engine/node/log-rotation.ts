import { type FSWatcher, watch } from 'node:fs';
import { copyFile, readdir, rm, stat, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, type Log, messageOf, type Timer } from '../../base/index.ts';

/** The kubelet's containerLogMaxSize and containerLogMaxFiles (the current one counts). */
const SIZE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 5;
/** A log that is written to is looked at no more often than this. */
const LOOK_EVERY_MS = 10_000;

/**
 * Keeps one container's log from growing past its size. The monitor keeps the file open for appending, so a full log is
 * copied aside and emptied; lines written between the two steps are lost.
 */
export class LogRotation {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    try {
      this.#watcher = watch(path, { persistent: false }, () => {
        this.#timer ??= clock.after(LOOK_EVERY_MS, () => this.#look());
      });
      this.#watcher.on('error', () => this.stop());
    } catch (error) {
      log.debug('a log cannot be watched', { path, error: messageOf(error) });
    }
  }

  stop(): void {
    this.#watcher?.close();
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    rotateIfFull(this.#path, SIZE_BYTES_MAX, this.#clock.now()).catch((error: unknown) => {
      this.#log.warn('rotating a log failed', { path: this.#path, error: messageOf(error) });
    });
  }
}

/** Sets a log of `sizeBytesMax` or more aside, and drops the oldest of those set aside. Answers whether it did. */
export async function rotateIfFull(path: string, sizeBytesMax: number, nowMs: number): Promise<boolean> {
  if ((await stat(path)).size < sizeBytesMax) return false;
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  await copyFile(path, `${path}.${time}`);
  await truncate(path, 0);
  const prefix = `${basename(path)}.`;
  const aside = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
  for (const name of aside.slice(0, Math.max(0, aside.length - (FILES_MAX - 1))))
    await rm(join(dirname(path), name), { force: true });
  return true;
}
