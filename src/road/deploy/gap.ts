import type { Clock } from '../../base/index.ts';
import { answers } from './smoke.ts';

const EVERY_MS = 100;

/** Measures how long nothing serves, where a release makes that so. */
export interface GapWatch {
  /** Ends it; the longest time without a good answer, in milliseconds. */
  end(): Promise<number>;
}

/**
 * Asks the users' door ten times a second, one request at a time, until ended. Without a door only the time itself is
 * measured, which is the most that the gap can be.
 */
export function watchGap(url: string | undefined, clock: Clock, signal: AbortSignal): GapWatch {
  const started = clock.monotonic();
  if (url === undefined) return { end: async () => clock.monotonic() - started };
  const ending = new AbortController();
  const until = AbortSignal.any([ending.signal, signal]);
  let goodMs = started;
  let longestMs = 0;
  const asking = (async () => {
    while (!until.aborted) {
      if (await answers(url, until)) {
        const now = clock.monotonic();
        longestMs = Math.max(longestMs, now - goodMs);
        goodMs = now;
      }
      await clock.sleep(EVERY_MS, until).catch(() => {});
    }
  })();
  return {
    async end() {
      const endedMs = clock.monotonic();
      ending.abort();
      await asking;
      return Math.max(longestMs, endedMs - goodMs);
    },
  };
}
