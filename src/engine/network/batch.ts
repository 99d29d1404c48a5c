const BATCH_MAX = 64;

/**
 * Work that is cheaper together: what is asked while one batch runs goes into the next one. `work` answers for each item
 * in order: undefined, or why it failed; when `work` itself rejects, every item of the batch does.
 */
export class Batch<T> {
  readonly #work: (items: readonly T[]) => Promise<(unknown | undefined)[]>;
  #waiting: { item: T; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isRunning = false;

  constructor(work: (items: readonly T[]) => Promise<(unknown | undefined)[]>) {
    this.#work = work;
  }

  /** Resolves when the item is done; the caller bounds how many it adds. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      try {
        const faults = await this.#work(batch.map(({ item }) => item));
        for (const [index, { resolve, reject }] of batch.entries()) {
          if (faults[index] === undefined) resolve();
          else reject(faults[index]);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
