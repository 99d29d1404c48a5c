import type { Clock } from '../../base/index.ts';

export interface LoadOptions {
  /** Where the requests go; with `paths` each in turn, resolved against it. `*.localhost` is loopback. */
  readonly url: string;
  readonly paths?: readonly string[];
  /** Requests are sent at this rate whatever the answers do (open loop), 1 to 20 000. */
  readonly ratePerSecond: number;
  /** Until stopped when not given. */
  readonly durationMs?: number;
  /** Kept-alive connections at most; 64 when not given. A request that finds none free within its time has failed. */
  readonly connectionsMax?: number;
  /** Without an answer for so long a request has failed; 10 000 when not given. */
  readonly timeoutMs?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** A request that failed: no answer, or one with 500 and above. */
export interface LoadFailure {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly path: string;
  /** `502`, `ECONNRESET`, `no answer within 10 s`. */
  readonly reason: string;
}

/** Latency counts from the moment a request was due, so that a stall is not hidden (coordinated omission). */
export interface Latency {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

export interface LoadCount {
  readonly requests: number;
  readonly failed: number;
  /** Counts by reason, most first. */
  readonly reasons: Readonly<Record<string, number>>;
  /**
   * Requests that were sent once more, since the server had closed the kept-alive connection while it was idle; counted
   * among the good ones when the second try was good.
   */
  readonly retried?: number;
  /** Undefined when nothing was answered. */
  readonly latency: Latency | undefined;
  readonly tookMs: number;
}

export interface LoadReport extends LoadCount {
  readonly url: string;
  readonly ratePerSecond: number;
  /** By the marks that were set, in order: `before`, `during`, `after`. */
  readonly phases: readonly (LoadCount & { readonly name: string })[];
  /** One a second. */
  readonly seconds: readonly {
    readonly second: number;
    readonly requests: number;
    readonly failed: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  }[];
  /** The first failures, at most 20. */
  readonly failures: readonly LoadFailure[];
  /** The longest time without one good answer. */
  readonly longestGapMs: number;
  /** Requests by the status they were answered with. */
  readonly statuses: Readonly<Record<string, number>>;
  /**
   * How much of the time the process that sends was busy, in percent. Near 100 it could not have sent more, and part of
   * the latency is its own.
   */
  readonly busyPercent?: number;
  /** How many were answered within each span of time, fastest first; the last span has no end. */
  readonly distribution?: readonly { readonly upToMs: number | undefined; readonly count: number }[];
}

/** Load that goes on beside other work, in a process of its own so that neither disturbs the other. */
export interface RunningLoad {
  /** What comes from now on belongs to another phase. */
  mark(phase: string): void;
  /** What the last milliseconds saw. */
  recent(windowMs: number): Promise<LoadCount>;
  /** Waits for open requests, then tells all. May be called twice; the second gets the same. */
  stop(): Promise<LoadReport>;
}
