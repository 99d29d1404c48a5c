/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/** The only source of time; a test injects its own. */
export interface Clock {
  /** Wall time, milliseconds since 1970. */
  now(): number;
  /** Time for durations, milliseconds; never goes back. */
  monotonic(): number;
  /** Calls `callback` once, `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves `delayMs` from now; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS),
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};
