import type { Latency, LoadCount } from './contract.ts';
import { Histogram } from './histogram.ts';

/** Reasons told apart; more than these are counted together, so that a talkative server cannot fill the memory. */
const REASONS_MAX = 32;
const OTHER = 'other reasons';

/** How one request ended. */
export interface Outcome {
  /** From the moment it was due to the last byte of its answer, or to its failure. */
  readonly tookMs: number;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Undefined when it went well. */
  readonly reason: string | undefined;
  readonly retried: boolean;
}

/** Requests counted together. */
export class Tally {
  readonly histogram = new Histogram();
  readonly reasons = new Map<string, number>();
  requests = 0;
  failed = 0;
  retried = 0;

  add(outcome: Outcome): void {
    this.requests++;
    if (outcome.retried) this.retried++;
    if (outcome.status !== undefined) this.histogram.add(outcome.tookMs);
    if (outcome.reason !== undefined) {
      this.failed++;
      bump(this.reasons, outcome.reason, 1);
    }
  }

  merge(other: Tally): void {
    this.requests += other.requests;
    this.failed += other.failed;
    this.retried += other.retried;
    this.histogram.merge(other.histogram);
    for (const [reason, count] of other.reasons) bump(this.reasons, reason, count);
  }

  /** `tookMs`: how long the counted time was. */
  toCount(tookMs: number): LoadCount {
    return {
      requests: this.requests,
      failed: this.failed,
      retried: this.retried,
      reasons: Object.fromEntries([...this.reasons].sort(([, a], [, b]) => b - a)),
      latency: latencyOf(this.histogram),
      tookMs: Math.round(tookMs),
    };
  }
}

export function bump(counts: Map<string, number>, key: string, by: number): void {
  const name = counts.has(key) || counts.size < REASONS_MAX ? key : OTHER;
  counts.set(name, (counts.get(name) ?? 0) + by);
}

export function latencyOf(histogram: Histogram): Latency | undefined {
  if (histogram.count === 0) return undefined;
  return {
    p50Ms: rounded(histogram.percentileMs(0.5)),
    p90Ms: rounded(histogram.percentileMs(0.9)),
    p99Ms: rounded(histogram.percentileMs(0.99)),
    maxMs: rounded(histogram.maxMs),
    meanMs: rounded(histogram.meanMs),
  };
}

export function rounded(valueMs: number): number {
  return Math.round(valueMs * 100) / 100;
}
