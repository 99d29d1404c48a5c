/** Doubling delays with a ceiling, kept per key (container restarts, failed reconciles). */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #delays = new Map<string, number>();

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** The delay to wait before the next try of this key, milliseconds; each call doubles the one after it. */
  next(key: string): number {
    const delay = this.#delays.get(key) ?? this.#firstMs;
    this.#delays.set(key, Math.min(delay * 2, this.#longestMs));
    return delay;
  }

  reset(key: string): void {
    this.#delays.delete(key);
  }
}
