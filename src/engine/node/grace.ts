import type { Clock, Timer } from '../../base/index.ts';

/** A time limit that can be shortened while others wait under it. */
export class Grace {
  readonly #clock: Clock;
  readonly #expired: Promise<void>;
  #expire: () => void = () => {};
  #timer: Timer | undefined;
  #deadlineAtMs: number;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#deadlineAtMs = clock.monotonic() + lengthMs;
    this.#expired = new Promise((resolve) => {
      this.#expire = resolve;
    });
    this.#arm();
  }

  get leftMs(): number {
    return Math.max(0, this.#deadlineAtMs - this.#clock.monotonic());
  }

  /** Ends `lengthMs` from now if that is sooner. */
  shorten(lengthMs: number): void {
    const deadlineAtMs = this.#clock.monotonic() + lengthMs;
    if (deadlineAtMs >= this.#deadlineAtMs) return;
    this.#deadlineAtMs = deadlineAtMs;
    this.#arm();
  }

  /** True when `work` ended in time; false when the limit came first, and `work` is left to itself. */
  async covers(work: Promise<unknown>): Promise<boolean> {
    return Promise.race([work.then(() => true), this.#expired.then(() => false)]);
  }

  end(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.leftMs, this.#expire);
  }
}
