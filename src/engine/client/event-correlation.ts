import type { Clock } from '../../base/index.ts';

/** What makes two events the same, before and with the message. */
export interface EventKey {
  /** Source and object: what the spam filter counts by. */
  readonly subject: string;
  /** Subject, type and reason: what similar events are combined by. */
  readonly group: string;
  readonly message: string;
}

/** An event that was written before and can be counted up. */
export interface Recorded {
  name: string;
  namespace: string;
  count: number;
  firstTimestamp: string;
}

export interface Correlated {
  readonly message: string;
  readonly dedupKey: string;
  readonly before: Recorded | undefined;
}

const ENTRIES_MAX = 4096;
const SIMILAR_MAX = 10;
const SIMILAR_WINDOW_MS = 600_000;
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 300_000;

/**
 * Upstream's EventCorrelator: a token bucket for each source and object (25, one more every 5 minutes), more than ten
 * events that differ only in message within 10 minutes are combined, equal ones are counted. Each memory is bounded;
 * what was used longest ago is forgotten, so that at worst an event is written anew instead of counted.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  readonly #similar = new Map<string, { messages: Set<string>; lastMs: number }>();
  readonly #recorded = new Map<string, Recorded>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined when there were too many events about this object. */
  correlate(key: EventKey): Correlated | undefined {
    const nowMs = this.#clock.monotonic();
    const similar = this.#similar.get(key.group);
    const fresh = similar !== undefined && nowMs - similar.lastMs <= SIMILAR_WINDOW_MS;
    const messages = fresh ? similar.messages : new Set<string>();
    messages.add(key.message);
    const combined = messages.size >= SIMILAR_MAX;
    if (combined) messages.delete(key.message);
    remember(this.#similar, key.group, { messages, lastMs: nowMs });
    const dedupKey = combined ? key.group : `${key.group}\n${key.message}`;
    if (!this.#allow(key.subject, nowMs)) return undefined;
    const message = combined ? `(combined from similar events): ${key.message}` : key.message;
    return { message, dedupKey, before: this.#recorded.get(dedupKey) };
  }

  written(dedupKey: string, recorded: Recorded): void {
    remember(this.#recorded, dedupKey, recorded);
  }

  #allow(subject: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(subject) ?? { tokens: SPAM_BURST, atMs: nowMs };
    const tokens = Math.min(SPAM_BURST, bucket.tokens + (nowMs - bucket.atMs) / SPAM_REFILL_MS);
    const allowed = tokens >= 1;
    remember(this.#buckets, subject, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= ENTRIES_MAX) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
