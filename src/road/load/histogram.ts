/** Buckets a power of two; 64 keep every value to within 1.6 %. */
const BUCKETS_PER_OCTAVE = 64;
const LINEAR_BITS = 7;
/** 2^30 microseconds, eighteen minutes; longer counts as that. Bounds a histogram to 1 600 buckets. */
const VALUE_MAX = 2 ** 30;

/**
 * Durations counted in buckets that grow with the value, as HdrHistogram has it: any number of values in a bounded
 * place, every percentile to within 1.6 %. Largest and mean are exact.
 */
export class Histogram {
  #counts = new Map<number, number>();
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  add(durationMs: number): void {
    const bucket = bucketOf(durationMs);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#sumMs += durationMs;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts) this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += other.#count;
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** The duration that `part` (0 to 1) of all values do not exceed; 0 when there are none. */
  percentileMs(part: number): number {
    const rank = Math.max(1, Math.ceil(part * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#sorted()) {
      seen += count;
      if (seen >= rank) return Math.min(upperMs(bucket), this.#maxMs);
    }
    return 0;
  }

  /** Counts between bounds, both in milliseconds, in rising order; each bound is the end of its span. */
  spans(boundsMs: readonly number[]): { upToMs: number; count: number }[] {
    const spans = boundsMs.map((upToMs) => ({ upToMs, count: 0 }));
    for (const [bucket, count] of this.#counts) {
      const middleMs = (lowerMs(bucket) + upperMs(bucket)) / 2;
      const span = spans.find(({ upToMs }) => middleMs <= upToMs) ?? spans.at(-1);
      if (span) span.count += count;
    }
    return spans;
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

function bucketOf(durationMs: number): number {
  const value = Math.min(VALUE_MAX, Math.max(0, Math.round(durationMs * 1000)));
  const shift = Math.max(0, 32 - Math.clz32(value) - LINEAR_BITS);
  return shift * BUCKETS_PER_OCTAVE + (value >>> shift);
}

/** Of bucket `shift * 64 + m`: values from m to m + 1, times 2^shift; m is at least 64 but for the first octave. */
function lowerMs(bucket: number): number {
  const shift = shiftOf(bucket);
  return ((bucket - shift * BUCKETS_PER_OCTAVE) * 2 ** shift) / 1000;
}

function upperMs(bucket: number): number {
  const shift = shiftOf(bucket);
  return ((bucket - shift * BUCKETS_PER_OCTAVE + 1) * 2 ** shift) / 1000;
}

function shiftOf(bucket: number): number {
  return Math.max(0, Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1);
}
