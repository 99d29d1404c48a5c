import { type Answer, createAsker } from './ask.ts';
import type { LoadCount, LoadOptions, LoadReport } from './contract.ts';
import { Record } from './record.ts';
import { targetOf } from './target.ts';

/** How often what has taken too long is looked for. */
const SWEEP_MS = 20;
/** Requests that wait for a connection or an answer, at most. */
const OPEN_MAX = 50_000;

/** Load in this process. */
export interface Load {
  mark(phase: string): void;
  recent(windowMs: number): LoadCount;
  /** Sends no more, waits for open requests, tells all. */
  stop(): Promise<LoadReport>;
  /** Resolves when the duration is over, `stop` was called or the signal aborted. */
  readonly ended: Promise<void>;
}

interface Open {
  readonly dueMs: number;
  readonly path: string;
  cancel: ((reason: string) => void) | undefined;
  over: boolean;
}

/**
 * Sends requests at their due times, start + n / rate, whatever the answers do, until stopped. One that finds all
 * connections busy waits in line; its time runs from when it was due.
 * @throws UserError for options that cannot be.
 */
export function runLoad(options: LoadOptions): Load {
  const target = targetOf(options);
  const { clock, signal } = options;
  const asker = createAsker(target);
  const record = new Record();
  const stopping = new AbortController();
  const beganMs = clock.monotonic();
  const idleBefore = performance.eventLoopUtilization();
  const sinceStart = (): number => clock.monotonic() - beganMs;
  /** In order of their due times, so the eldest is in front. */
  let open: Open[] = [];
  let waiting: Open[] = [];
  let busy = 0;
  let count = 0;
  let sentUntilMs = 0;
  let busyPercent = 0;
  let idle: (() => void) | undefined;
  const tooLate = `no answer within ${target.timeoutMs / 1000} s`;
  const noneFree = `no connection free within ${target.timeoutMs / 1000} s`;

  const settle = (one: Open, answer: Answer): void => {
    if (one.over) return;
    one.over = true;
    record.add(one.dueMs, one.path, { ...answer, tookMs: Math.max(0, sinceStart() - one.dueMs) });
  };
  const send = (one: Open): void => {
    busy++;
    const { answer, cancel } = asker.ask(one.path);
    one.cancel = cancel;
    void answer.then((result) => {
      busy--;
      settle(one, result);
      next();
    });
  };
  const next = (): void => {
    while (busy < target.connectionsMax) {
      const one = waiting.shift();
      if (!one) break;
      if (!one.over) send(one);
    }
    if (busy === 0 && waiting.length === 0) idle?.();
  };
  const add = (dueMs: number): void => {
    const path = target.paths[count++ % target.paths.length] ?? '/';
    const one: Open = { dueMs, path, cancel: undefined, over: false };
    if (busy + waiting.length >= OPEN_MAX) {
      settle(one, { status: undefined, reason: `more than ${OPEN_MAX} requests were waiting`, retried: false });
      return;
    }
    open.push(one);
    if (busy < target.connectionsMax && waiting.length === 0) send(one);
    else waiting.push(one);
  };
  const sweep = (): void => {
    const limit = sinceStart() - target.timeoutMs;
    for (const one of open) {
      if (one.dueMs > limit) break;
      if (one.over) continue;
      settle(one, { status: undefined, reason: one.cancel ? tooLate : noneFree, retried: false });
      one.cancel?.(tooLate);
    }
    open = open.filter(({ over }) => !over);
    waiting = waiting.filter(({ over }) => !over);
    next();
  };

  const endMs = options.durationMs ?? Number.POSITIVE_INFINITY;
  const everyMs = 1000 / target.ratePerSecond;
  const end = (): void => stopping.abort();
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  const sending = (async (): Promise<void> => {
    let sweptMs = 0;
    while (!stopping.signal.aborted) {
      const nowMs = sinceStart();
      for (let dueMs = count * everyMs; dueMs <= nowMs && dueMs < endMs; dueMs = count * everyMs) add(dueMs);
      if (nowMs - sweptMs >= SWEEP_MS) {
        sweptMs = nowMs;
        sweep();
      }
      if (count * everyMs >= endMs && nowMs >= endMs) break;
      const pauseMs = Math.min(SWEEP_MS, Math.max(count * everyMs - nowMs, 0));
      // The machine's timers count whole milliseconds; what falls due within one is sent together.
      await clock.sleep(Math.max(1, pauseMs), stopping.signal).catch(() => {});
    }
    sentUntilMs = Math.min(sinceStart(), endMs);
    busyPercent = Math.round(performance.eventLoopUtilization(idleBefore).utilization * 100);
    signal?.removeEventListener('abort', end);
  })();

  const drain = async (): Promise<void> => {
    await sending;
    const empty = new Promise<void>((resolve) => {
      idle = resolve;
    });
    let drained = false;
    void empty.then(() => {
      drained = true;
    });
    // Every open request ends within its time, so this does too.
    while (busy > 0 || waiting.length > 0) {
      sweep();
      if (drained) break;
      await Promise.race([clock.sleep(SWEEP_MS), empty]);
    }
    asker.close();
  };
  let stopped: Promise<LoadReport> | undefined;
  return {
    mark: (phase) => record.mark(phase, sinceStart()),
    recent: (windowMs) => record.recent(windowMs, sinceStart()),
    stop() {
      end();
      stopped ??= drain().then(() => ({
        ...record.report(options.url, target.ratePerSecond, sentUntilMs),
        busyPercent,
      }));
      return stopped;
    },
    ended: sending,
  };
}
