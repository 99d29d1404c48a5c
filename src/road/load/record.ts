import type { LoadCount, LoadFailure, LoadReport } from './contract.ts';
import { bump, type Outcome, rounded, Tally } from './tally.ts';

/** Slices that `recent` is put together from. */
const SLICE_MS = 100;
/** How far back `recent` can look. */
export const RECENT_MS_MAX = 120_000;
/** The series of seconds keeps the last hour. */
const SECONDS_MAX = 3600;
const FAILURES_MAX = 20;
const PHASES_MAX = 50;
/** Bounds of the distribution in the report; the last takes all that is slower. */
const SPANS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, Number.POSITIVE_INFINITY];

interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly tally: Tally;
}

/**
 * Everything that a load remembers, in a bounded place. A request belongs to the phase and the second in which it was
 * due, so that what a stall delays is counted where the stall was; to the recent past by when it ended.
 */
export class Record {
  readonly #total = new Tally();
  readonly #phases: Phase[] = [];
  readonly #seconds = new Map<number, Tally>();
  readonly #slices = new Map<number, Tally>();
  readonly #statuses = new Map<string, number>();
  readonly #failures: LoadFailure[] = [];
  #lastGoodMs = 0;
  #longestGapMs = 0;
  #endMs = 0;

  /** All times are milliseconds since the load began. */
  mark(name: string, atMs: number): void {
    // One more mark than there may be phases joins the last.
    if (this.#phases.length < PHASES_MAX) this.#phases.push({ name, fromMs: atMs, tally: new Tally() });
  }

  add(dueMs: number, path: string, outcome: Outcome): void {
    const endMs = dueMs + outcome.tookMs;
    this.#endMs = Math.max(this.#endMs, endMs);
    this.#total.add(outcome);
    this.#phases.findLast(({ fromMs }) => fromMs <= dueMs)?.tally.add(outcome);
    at(this.#seconds, Math.floor(dueMs / 1000), SECONDS_MAX).add(outcome);
    at(this.#slices, Math.floor(endMs / SLICE_MS), RECENT_MS_MAX / SLICE_MS + 1).add(outcome);
    bump(this.#statuses, outcome.status === undefined ? 'none' : String(outcome.status), 1);
    if (outcome.reason === undefined) this.#good(endMs);
    else if (this.#failures.length < FAILURES_MAX) {
      this.#failures.push({ atMs: Math.round(dueMs), path, reason: outcome.reason });
    }
  }

  recent(windowMs: number, nowMs: number): LoadCount {
    const window = Math.min(windowMs, RECENT_MS_MAX, nowMs);
    const tally = new Tally();
    for (const [slice, counted] of this.#slices) {
      if ((slice + 1) * SLICE_MS > nowMs - window) tally.merge(counted);
    }
    return tally.toCount(window);
  }

  report(url: string, ratePerSecond: number, sentUntilMs: number): LoadReport {
    const endMs = Math.max(this.#endMs, sentUntilMs);
    const longestGapMs = Math.max(this.#longestGapMs, endMs - this.#lastGoodMs);
    return {
      ...this.#total.toCount(endMs),
      url,
      ratePerSecond,
      phases: this.#phases.map(({ name, fromMs, tally }, index) => {
        const untilMs = this.#phases[index + 1]?.fromMs ?? Math.max(sentUntilMs, fromMs);
        return { name, ...tally.toCount(untilMs - fromMs) };
      }),
      seconds: [...this.#seconds]
        .sort(([a], [b]) => a - b)
        .map(([second, { requests, failed, histogram }]) => ({
          second,
          requests,
          failed,
          p50Ms: rounded(histogram.percentileMs(0.5)),
          p99Ms: rounded(histogram.percentileMs(0.99)),
        })),
      failures: [...this.#failures].sort((a, b) => a.atMs - b.atMs),
      longestGapMs: Math.round(longestGapMs),
      statuses: Object.fromEntries([...this.#statuses].filter(([status]) => status !== 'none').sort()),
      distribution: this.#total.histogram
        .spans(SPANS_MS)
        .map(({ upToMs, count }) => ({ upToMs: Number.isFinite(upToMs) ? upToMs : undefined, count })),
    };
  }

  #good(atMs: number): void {
    if (atMs <= this.#lastGoodMs) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, atMs - this.#lastGoodMs);
    this.#lastGoodMs = atMs;
  }
}

/** The tally of a time, made when it is first needed; the oldest goes when there are too many. */
function at(tallies: Map<number, Tally>, key: number, countMax: number): Tally {
  const known = tallies.get(key);
  if (known) return known;
  const made = new Tally();
  tallies.set(key, made);
  if (tallies.size > countMax) tallies.delete(Math.min(...tallies.keys()));
  return made;
}
