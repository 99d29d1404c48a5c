import type { Clock, Timer } from '../../../base/index.ts';
import type { Probe } from '../../kinds/index.ts';
import type { Outcome } from './outcome.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/** While a container comes up its probe is repeated at these distances besides its period, so that ready is seen at once. */
const EAGER_DELAYS_MS = [25, 50, 100, 200, 400, 800];
/** A command costs a process each time. */
const EAGER_COMMAND_DELAYS_MS = [200, 400, 800];

export interface ProbeLoopOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly clock: Clock;
  run(): Promise<Outcome>;
  /** The verdict changed, by the thresholds. */
  onVerdict(healthy: boolean): void;
  /** A single probe that was counted failed, could not be done, or succeeded with a warning. */
  onTrouble(outcome: Outcome): void;
}

/**
 * One probe of one running container, from its start to `stop`. The first run is at once (after initialDelaySeconds), then
 * on the period; between the first and the second there are eager runs that only a success counts of.
 */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  #timer: Timer | undefined;
  #stopped = false;
  #successes = 0;
  #failures = 0;
  #verdict: boolean | undefined;
  #eager: number[];
  /** When the next counted run is due, on the clock's monotonic time. */
  #dueAtMs: number;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    const delayMs = (options.probe.initialDelaySeconds ?? 0) * 1000;
    this.#dueAtMs = options.clock.monotonic() + delayMs;
    // Where several successes in a row are asked for, only those on the period count.
    this.#eager =
      options.kind === 'liveness' || (options.probe.successThreshold ?? 1) > 1
        ? []
        : [...(options.probe.exec ? EAGER_COMMAND_DELAYS_MS : EAGER_DELAYS_MS)];
    this.#runAfter(delayMs, true);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Runs now instead of at its time. */
  trigger(): void {
    if (this.#stopped || !this.#timer) return;
    this.#timer.cancel();
    this.#runAfter(0, true);
  }

  #runAfter(delayMs: number, counted: boolean): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#runOnce(counted);
    });
  }

  async #runOnce(counted: boolean): Promise<void> {
    const outcome = await this.#options.run();
    if (this.#stopped) return;
    if (outcome.result === 'success' || outcome.result === 'warning') this.#succeeded(outcome);
    else if (counted) this.#failed(outcome);
    if (!this.#stopped) this.#scheduleNext(counted);
  }

  #scheduleNext(counted: boolean): void {
    const { clock, probe } = this.#options;
    const now = clock.monotonic();
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    if (counted) this.#dueAtMs = Math.max(this.#dueAtMs + periodMs, now);
    const eager = this.#verdict === true ? undefined : this.#eager.shift();
    const leftMs = this.#dueAtMs - now;
    if (eager !== undefined && eager < leftMs) this.#runAfter(eager, false);
    else this.#runAfter(leftMs, true);
  }

  #succeeded(outcome: Outcome): void {
    if (outcome.result === 'warning') this.#options.onTrouble(outcome);
    this.#failures = 0;
    this.#successes++;
    if (this.#successes >= (this.#options.probe.successThreshold ?? 1)) this.#decide(true);
  }

  #failed(outcome: Outcome): void {
    this.#successes = 0;
    this.#failures++;
    this.#options.onTrouble(outcome);
    if (this.#failures >= (this.#options.probe.failureThreshold ?? 3)) this.#decide(false);
  }

  #decide(healthy: boolean): void {
    if (this.#verdict === healthy) return;
    this.#verdict = healthy;
    this.#options.onVerdict(healthy);
  }
}
