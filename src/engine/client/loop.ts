import { Backoff, messageOf, type Timer } from '../../base/index.ts';
import { StatusError } from '../kinds/index.ts';
import type { Loop, LoopOptions } from './contract.ts';

const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 30_000;

/**
 * A work queue with its workers. Invariants: a key waits at most once and runs at most once at a time; a key added while
 * it runs runs again afterwards. The whole policy of what happens after a run is `#finish`.
 */
export function startLoop(options: LoopOptions): Loop {
  return new QueueLoop(options);
}

class QueueLoop implements Loop {
  readonly #options: LoopOptions;
  readonly #concurrency: number;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { dueMs: number; timer: Timer }>();
  #scheduled = false;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 4;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#schedule();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const { clock } = this.#options;
    const dueMs = clock.monotonic() + delayMs;
    const planned = this.#timers.get(key);
    if (planned !== undefined) {
      if (planned.dueMs <= dueMs) return;
      planned.timer.cancel();
    }
    const timer = clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueMs, timer });
  }

  stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#waiting.clear();
    this.#again.clear();
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const earlier = this.#onIdle;
      this.#onIdle = () => {
        earlier?.();
        resolve();
      };
    });
  }

  /** Work starts after the events of this turn are all told, so that a batch of them costs one run. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const key of this.#waiting) {
        if (this.#running.size >= this.#concurrency) return;
        this.#waiting.delete(key);
        this.#running.add(key);
        void this.#work(key);
      }
    });
  }

  async #work(key: string): Promise<void> {
    try {
      const againMs = await this.#options.reconcile(key);
      this.#finish(key, undefined, againMs);
    } catch (error) {
      this.#finish(key, error, undefined);
    }
  }

  #finish(key: string, error: unknown, againMs: number | undefined): void {
    this.#running.delete(key);
    if (this.#stopped) {
      if (this.#running.size === 0) this.#onIdle?.();
      return;
    }
    if (this.#again.delete(key)) this.#waiting.add(key);
    if (error !== undefined) {
      const delayMs = this.#backoff.next(key);
      // Somebody else was first: wrote it (409), or took it away (404). The next look sees what is there now.
      const lostRace = error instanceof StatusError && (error.code === 409 || error.code === 404);
      const level = lostRace ? 'debug' : 'warn';
      this.#options.log[level]('reconcile failed', { loop: this.#options.name, key, error: messageOf(error) });
      this.addAfter(key, delayMs);
    } else {
      this.#backoff.reset(key);
      if (againMs !== undefined) this.addAfter(key, againMs);
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}
