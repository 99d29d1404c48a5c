import type { Clock } from '../../base/index.ts';

/** A moment as the API writes it: RFC 3339 in UTC, whole seconds. */
export function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function timestampNow(clock: Clock): string {
  return timestamp(clock.now());
}

/** Milliseconds since 1970; NaN when not given. */
export function timeMs(time: string | undefined): number {
  return time === undefined ? Number.NaN : Date.parse(time);
}
