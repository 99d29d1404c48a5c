import { type Clock, messageOf, UserError } from '../../base/index.ts';
import type { LoadCount, LoadOptions, LoadReport, RunningLoad } from '../load/index.ts';
import type { Gates } from './contract.ts';
import { errorFault, latencyFault } from './gates.ts';

const BASELINE_MS = 3_000;
const AFTER_MS = 3_000;
const LOOK_MS = 1_000;
const ERROR_WINDOW_MS = 4_000;
/** A window of latency holds so many requests at least, and is a second at least. */
const LATENCY_REQUESTS = 30;
/** One slow second is the machine's, three in a row are the version's. */
const FAULTS_MAX = 3;
const AFTER_TRIES = 3;

export interface ProofOptions {
  readonly url: string;
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
  readonly gates: Gates;
  readonly clock: Clock;
  readonly startLoad: (options: LoadOptions) => Promise<RunningLoad>;
  readonly onProgress: (text: string) => void;
}

/** Requests that go through the users' door while a release runs, counted and watched. */
export interface Proof {
  /** Lets the requests run over what serves now, for comparison. */
  baseline(signal: AbortSignal): Promise<void>;
  /** Looks once a second; calls back with what is wrong, once. */
  watch(onFault: (fault: UserError) => void): void;
  /** Does not look until watched again: nothing is meant to serve. */
  rest(): void;
  mark(phase: string): void;
  /** Whether pods are starting now: they take the machine's time, so only a bound that was asked for counts. */
  starting(isStarting: boolean): void;
  /** Lets the requests run over what serves now. @throws UserError when that breaks a gate. */
  afterwards(signal: AbortSignal): Promise<void>;
  stop(): Promise<LoadReport>;
}

/** Starts the requests. @throws UserError when they cannot be sent at all. */
export async function startProof(options: ProofOptions): Promise<Proof> {
  const { clock, gates, url, ratePerSecond } = options;
  const load = await options.startLoad({
    url,
    paths: options.paths.length > 0 ? options.paths : ['/'],
    ratePerSecond,
    clock,
  });
  load.mark('before');
  let before: LoadCount | undefined;
  let isStarting = false;
  let watching: (() => void) | undefined;
  const latencyWindowMs = Math.max(LOOK_MS, (LATENCY_REQUESTS / ratePerSecond) * 1000);
  const judge = async (): Promise<UserError | undefined> => {
    const fault =
      errorFault(await load.recent(ERROR_WINDOW_MS), before, gates) ??
      latencyFault(await load.recent(latencyWindowMs), isStarting ? undefined : before, gates);
    return fault === undefined ? undefined : new UserError(url, fault);
  };
  const rest = (): void => {
    watching?.();
    watching = undefined;
  };
  return {
    async baseline(signal) {
      options.onProgress(`${ratePerSecond} requests a second to ${url}, first to what serves now`);
      await clock.sleep(BASELINE_MS, signal);
      before = await load.recent(BASELINE_MS);
    },
    watch(onFault) {
      rest();
      let faults = 0;
      let isOver = false;
      const look = async (): Promise<void> => {
        const fault = await judge();
        faults = fault ? faults + 1 : 0;
        if (fault && faults >= FAULTS_MAX && !isOver) {
          rest();
          onFault(fault);
        }
      };
      const again = (): void => {
        void look()
          .catch((error: unknown) => options.onProgress(`the requests cannot be counted: ${messageOf(error)}`))
          .finally(() => {
            if (!isOver) timer = clock.after(LOOK_MS, again);
          });
      };
      let timer = clock.after(LOOK_MS, again);
      watching = () => {
        isOver = true;
        timer.cancel();
      };
    },
    rest,
    mark: (phase) => load.mark(phase),
    starting(is) {
      isStarting = is;
    },
    async afterwards(signal) {
      isStarting = false;
      load.mark('after');
      for (let attempt = 1; ; attempt++) {
        await clock.sleep(AFTER_MS, signal);
        const fault = await judge();
        if (!fault) return;
        if (attempt >= AFTER_TRIES) throw fault;
      }
    },
    async stop() {
      rest();
      return await load.stop();
    },
  };
}

/** `18 204 requests, 0 failed; p99 12 ms before, 15 ms during, 11 ms after; longest gap 8 ms`. */
export function proofText(report: LoadReport): string {
  const phases = report.phases.flatMap(({ name, latency }) =>
    latency ? [`${Math.round(latency.p99Ms)} ms ${name}`] : [],
  );
  const reasons = Object.entries(report.reasons).map(([reason, count]) => `${reason} ×${count}`);
  const failed = `${grouped(report.failed)} failed${reasons.length > 0 ? ` (${reasons.slice(0, 3).join(', ')})` : ''}`;
  const latency = phases.length > 0 ? `; p99 ${phases.join(', ')}` : '';
  return `${grouped(report.requests)} requests, ${failed}${latency}; longest gap ${Math.round(report.longestGapMs)} ms`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}
