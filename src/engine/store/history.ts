import type { Entry, StoreEvent } from './contract.ts';

/**
 * The newest events, oldest first, as many as the bounds allow.
 * Invariant: every event with a revision after `oldestRevision` is here.
 */
export class History {
  readonly #revisionsMax: number;
  readonly #bytesMax: number;
  #events: StoreEvent[] = [];
  /** Events before this place are dropped; the array is cut when they are many. */
  #start = 0;
  #bytes = 0;
  #oldestRevision: number;

  constructor(revisionsMax: number, bytesMax: number, oldestRevision: number) {
    this.#revisionsMax = revisionsMax;
    this.#bytesMax = bytesMax;
    this.#oldestRevision = oldestRevision;
  }

  get oldestRevision(): number {
    return this.#oldestRevision;
  }

  push(event: StoreEvent, sizeBytes: number): void {
    this.#events.push(event);
    this.#bytes += sizeBytes;
  }

  /** Drops what is past the bounds; answers the events dropped. `sizeOf` is what `push` was told. */
  trim(newest: number, sizeOf: (event: StoreEvent) => number): StoreEvent[] {
    const dropped: StoreEvent[] = [];
    for (;;) {
      const first = this.#events[this.#start];
      if (!first || (first.revision > newest - this.#revisionsMax && this.#bytes <= this.#bytesMax)) break;
      this.#start++;
      this.#bytes -= sizeOf(first);
      this.#oldestRevision = first.revision;
      dropped.push(first);
    }
    if (this.#start > 1024 && this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
    return dropped;
  }

  /** Events after the revision, in order. */
  *after(revision: number): Generator<StoreEvent> {
    for (let at = this.#placeAfter(revision); at < this.#events.length; at++) {
      const event = this.#events[at];
      if (event) yield event;
    }
  }

  /** What differs at `revision` from now among keys with the prefix: the entry then, or undefined where there was none. */
  undo(prefix: string, revision: number): Map<string, Entry | undefined> {
    const then = new Map<string, Entry | undefined>();
    for (const event of this.after(revision)) {
      if (event.key.startsWith(prefix) && !then.has(event.key)) then.set(event.key, event.previous);
    }
    return then;
  }

  #placeAfter(revision: number): number {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
