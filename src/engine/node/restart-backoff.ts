const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;
/** A container that ran this long since its last restart starts over with an immediate one. */
const FORGOTTEN_AFTER_MS = 2 * LONGEST_MS;

/** Delays between restarts of a container: none before the first, then 10 s doubling to 5 min (client-go's flowcontrol.Backoff). */
export class RestartBackoff {
  readonly #entries = new Map<string, { delayMs: number; updatedAtMs: number }>();

  /** How long after its end at `finishedAtMs` the container is to wait; 0: not at all. Each call counts as one restart. */
  next(name: string, finishedAtMs: number): number {
    const entry = this.#entries.get(name);
    if (!entry || finishedAtMs - entry.updatedAtMs > FORGOTTEN_AFTER_MS) {
      this.#entries.set(name, { delayMs: FIRST_MS, updatedAtMs: finishedAtMs });
      return 0;
    }
    const { delayMs } = entry;
    this.#entries.set(name, { delayMs: Math.min(delayMs * 2, LONGEST_MS), updatedAtMs: finishedAtMs + delayMs });
    return delayMs;
  }
}

/** A duration as Go prints whole seconds: `10s`, `2m40s`, `5m0s`. */
export function goSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** A duration as Go prints it, rounded to milliseconds: `850ms`, `1.2s`, `1m2.5s`. */
export function goDuration(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  if (rounded === 0) return '0s';
  if (rounded < 1000) return `${rounded}ms`;
  const minutes = Math.floor(rounded / 60_000);
  const seconds = `${(rounded % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}
