import { Backoff, type Clock } from '../../base/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { Relief } from './filter.ts';

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 10_000;

interface Entry {
  pod: Pod;
  /** Order of arrival; kept when a pod comes back, so that it does not lose its place. */
  readonly arrival: number;
  state: 'active' | 'running' | 'delayed' | 'waiting';
  /** What can make it fit, while it waits. */
  relief: ReadonlySet<Relief>;
  /** Something changed in the cluster while it was being scheduled. */
  missed: Set<Relief>;
}

/**
 * Pods to be placed: by priority, then by arrival. A pod that did not fit waits until something happens that can help it.
 * Bounded by the pods there are: each has at most one entry.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onWork: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #backoff = new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  #heap: Entry[] = [];
  #arrivals = 0;
  #stopped = false;

  /** `onWork` is called when there is a pod to take. */
  constructor(clock: Clock, onWork: () => void) {
    this.#clock = clock;
    this.#onWork = onWork;
  }

  /** A pod that is new, or whose wishes changed. */
  put(pod: Pod): void {
    const known = this.#entries.get(pod.metadata.uid);
    if (known?.state === 'running') {
      known.pod = pod;
      for (const relief of ['node', 'podGone', 'podPlaced', 'volume', 'namespace'] as const) known.missed.add(relief);
      return;
    }
    const arrival = known?.arrival ?? this.#arrivals++;
    const entry: Entry = { pod, arrival, state: 'active', relief: new Set(), missed: new Set() };
    this.#entries.set(pod.metadata.uid, entry);
    this.#push(entry);
  }

  /** The newest object of a pod that need not be tried again for it. */
  refresh(pod: Pod): void {
    const known = this.#entries.get(pod.metadata.uid);
    if (known !== undefined) known.pod = pod;
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  remove(uid: string): void {
    this.#entries.delete(uid);
    this.#backoff.reset(uid);
  }

  /** The next pod; it stays in the queue's books until `remove`, `wait` or `retry`. */
  take(): Pod | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      if (this.#entries.get(entry.pod.metadata.uid) !== entry || entry.state !== 'active') continue;
      entry.state = 'running';
      entry.missed = new Set();
      return entry.pod;
    }
    return undefined;
  }

  /** The pod fits nowhere: it waits for one of these to happen. */
  wait(uid: string, relief: ReadonlySet<Relief>): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.relief = relief;
    entry.state = 'waiting';
    if ([...entry.missed].some((happened) => relief.has(happened))) this.#delay(entry);
  }

  /** The pod could not be placed for a passing reason. */
  retry(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry !== undefined) this.#delay(entry);
  }

  /** Something happened: pods it can help are tried again. */
  relieve(happened: Relief): void {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'running') entry.missed.add(happened);
      else if (entry.state === 'waiting' && entry.relief.has(happened)) this.#delay(entry);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#entries.clear();
    this.#heap = [];
  }

  #delay(entry: Entry): void {
    entry.state = 'delayed';
    this.#clock.after(this.#backoff.next(entry.pod.metadata.uid), () => {
      if (this.#stopped || this.#entries.get(entry.pod.metadata.uid) !== entry || entry.state !== 'delayed') return;
      entry.state = 'active';
      this.#push(entry);
    });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfBefore(child, parent)) break;
      child = parent;
    }
    this.#onWork();
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (child >= heap.length || !this.#swapIfBefore(child, parent)) return first;
      parent = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return false;
    const difference = (right.pod.spec.priority ?? 0) - (left.pod.spec.priority ?? 0);
    return difference < 0 || (difference === 0 && left.arrival < right.arrival);
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false;
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return false;
    this.#heap[a] = right;
    this.#heap[b] = left;
    return true;
  }
}
