import { messageOf } from '../../base/index.ts';
import {
  type Change,
  CompactedError,
  ConflictError,
  type Entry,
  FutureRevisionError,
  type ListOptions,
  type ListResult,
  type Store,
  type StoreEvent,
  type StoreOptions,
  type Watch,
  type WatchOptions,
} from './contract.ts';
import { StoredEntry } from './entry.ts';
import { History } from './history.ts';
import type { Journal, JournalContent } from './journal.ts';
import { SortedKeys } from './sorted-keys.ts';
import { WatchHub } from './watch-hub.ts';

const HISTORY_REVISIONS = 50_000;
const HISTORY_BYTES_MAX = 64 * 1024 * 1024;
const QUEUE_CHANGES_MAX = 65_536;

/** A change that has its revision and waits for the disk. */
interface Pending {
  readonly event: StoreEvent;
  resolve(entry: Entry): void;
  reject(error: Error): void;
}

/** The journal refused the changes (a full disk); none of them happened, and later ones may succeed. */
export class StoreWriteError extends Error {
  override readonly name = 'StoreWriteError';
}

/**
 * All live objects and the newest events in memory, every change in the journal before anyone sees it.
 *
 * Invariants: `#live` and `#history` hold durable changes only; `#heads` holds what is given out but not durable yet;
 * at most one append runs; a revision is never given out twice, not even after a failed append (it stays unused).
 */
export class JournaledStore implements Store {
  readonly #journal: Journal;
  readonly #tombstone: (value: object, revision: number) => object;
  readonly #historyRevisions: number;
  readonly #live = new Map<string, Entry>();
  readonly #keys = new SortedKeys();
  readonly #heads = new Map<string, Entry | undefined>();
  readonly #history: History;
  readonly #hub = new WatchHub();
  #queue: Pending[] = [];
  #flush: Promise<void> | undefined;
  /** Of the newest change given out; changes settle in order. */
  #newest: Promise<unknown> = Promise.resolve();
  #revision: number;
  #nextRevision: number;
  /** Records that may go from the journal with the next append. */
  #forget: number[] = [];
  #closed = false;

  constructor(journal: Journal, content: JournalContent, options: StoreOptions = {}) {
    this.#journal = journal;
    this.#tombstone = options.tombstone ?? ((value) => value);
    this.#historyRevisions = options.historyRevisions ?? HISTORY_REVISIONS;
    this.#history = new History(this.#historyRevisions, HISTORY_BYTES_MAX, content.oldestRevision);
    for (const { revision, key, value, bytes } of content.records) {
      const previous = this.#live.get(key);
      const entry = value && new StoredEntry(key, value, revision, bytes);
      if (revision > content.oldestRevision) {
        if (entry || previous) this.#remember(this.#event(key, revision, entry, previous));
      } else {
        // Left behind when the process ended before the append that would have dropped them.
        if (previous) this.#forget.push(previous.revision);
        if (!entry) this.#forget.push(revision);
      }
      if (entry) {
        this.#live.set(key, entry);
        if (!previous) this.#keys.add(key);
      } else if (this.#live.delete(key)) this.#keys.delete(key);
    }
    this.#revision = content.revision;
    this.#nextRevision = content.revision + 1;
  }

  get revision(): number {
    return this.#revision;
  }

  get oldestRevision(): number {
    return this.#history.oldestRevision;
  }

  get(key: string): Entry | undefined {
    return this.#live.get(key);
  }

  head(key: string): Entry | undefined {
    return this.#heads.has(key) ? this.#heads.get(key) : this.#live.get(key);
  }

  getAt(key: string, revision: number): Entry | undefined {
    this.#checkRevision(revision);
    for (const event of this.#history.after(revision)) if (event.key === key) return event.previous;
    return this.#live.get(key);
  }

  list(prefix: string, options: ListOptions = {}): ListResult {
    const revision = options.revision ?? this.#revision;
    this.#checkRevision(revision);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    if (revision === this.#revision) {
      for (const key of this.#keys.from(prefix, options.after)) {
        if (entries.length >= limit) break;
        const entry = this.#live.get(key);
        if (entry) entries.push(entry);
      }
      const remaining = this.#keys.count(prefix, options.after) - entries.length;
      return { entries, revision, remaining };
    }
    const then = this.#history.undo(prefix, revision);
    const gone = [...then].filter(([key, entry]) => entry && !this.#live.has(key)).map(([key]) => key);
    let remaining = 0;
    for (const key of merged(this.#keys.from(prefix, options.after), gone.sort(), options.after)) {
      const entry = then.has(key) ? then.get(key) : this.#live.get(key);
      if (!entry) continue;
      if (entries.length < limit) entries.push(entry);
      else remaining++;
    }
    return { entries, revision, remaining };
  }

  count(prefix: string): number {
    return this.#keys.count(prefix);
  }

  write(change: Change): Promise<Entry> {
    const { key } = change;
    if (this.#closed) return Promise.reject(new StoreWriteError(`write ${key}: the store is closed`));
    if (this.#queue.length >= QUEUE_CHANGES_MAX) {
      return Promise.reject(
        new StoreWriteError(`write ${key}: ${QUEUE_CHANGES_MAX} changes wait for the disk already`),
      );
    }
    const previous = this.head(key);
    if ((previous?.revision ?? 0) !== change.expect) return Promise.reject(new ConflictError(key, previous));
    const revision = this.#nextRevision;
    let event: StoreEvent;
    try {
      const value = change.make(revision);
      if (!value && !previous) return Promise.reject(new ConflictError(key, previous));
      event = this.#event(key, revision, value && new StoredEntry(key, value, revision), previous);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#nextRevision++;
    this.#heads.set(key, event.type === 'deleted' ? undefined : event.entry);
    const written = new Promise<Entry>((resolve, reject) => {
      this.#queue.push({ event, resolve, reject });
      // Waiting for the end of this turn of the event loop gathers the changes of all requests that came in with it.
      this.#flush ??= new Promise((done) => setImmediate(() => void this.#flushQueue().then(done, done)));
    });
    this.#newest = written;
    return written;
  }

  async settled(): Promise<void> {
    await this.#newest.catch(() => {});
  }

  watch(options: WatchOptions): Watch {
    const after = options.after || this.#revision;
    if (after < this.oldestRevision) throw new CompactedError(after, this.oldestRevision);
    const past: StoreEvent[] = [];
    for (const event of this.#history.after(after)) if (event.key.startsWith(options.prefix)) past.push(event);
    return this.#hub.add(options, after, past);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flush;
    await this.#journal.close();
  }

  async #flushQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const last = batch.at(-1)?.event.revision ?? this.#revision;
      const forget = this.#forget;
      this.#forget = [];
      try {
        await this.#journal.append({
          records: batch.map(({ event }) => ({
            revision: event.revision,
            key: event.key,
            entry: event.type === 'deleted' ? undefined : event.entry,
          })),
          forget,
          revision: last,
          oldestRevision: this.oldestRevision,
        });
      } catch (error) {
        this.#forget = forget;
        this.#refuse(batch, error);
        continue;
      }
      this.#accept(batch, last);
    }
    this.#flush = undefined;
  }

  #accept(batch: readonly Pending[], revision: number): void {
    for (const { event } of batch) {
      const { key, entry } = event;
      if (event.type === 'deleted') {
        this.#live.delete(key);
        this.#keys.delete(key);
      } else {
        this.#live.set(key, entry);
        if (event.type === 'added') this.#keys.add(key);
      }
      const head = this.#heads.get(key);
      if (head === entry || (event.type === 'deleted' && head === undefined)) this.#heads.delete(key);
      this.#remember(event);
    }
    this.#revision = revision;
    for (const event of this.#history.trim(revision, sizeOf)) {
      if (event.previous) this.#forget.push(event.previous.revision);
      if (event.type === 'deleted') this.#forget.push(event.revision);
    }
    this.#hub.publish(batch.map(({ event }) => event));
    for (const { event, resolve } of batch) resolve(event.entry);
  }

  /** What is queued behind a refused batch was made on top of it, so it is refused as well. */
  #refuse(batch: readonly Pending[], cause: unknown): void {
    const refused = [...batch, ...this.#queue];
    this.#queue = [];
    this.#heads.clear();
    for (const { event, reject } of refused) {
      reject(new StoreWriteError(`write ${event.key}: ${messageOf(cause)}`, { cause }));
    }
  }

  #event(key: string, revision: number, entry: Entry | undefined, previous: Entry | undefined): StoreEvent {
    if (entry) return { type: previous ? 'modified' : 'added', key, revision, entry, previous };
    const last = new StoredEntry(key, this.#tombstone(previous?.value ?? {}, revision), revision);
    return { type: 'deleted', key, revision, entry: last, previous };
  }

  #remember(event: StoreEvent): void {
    this.#history.push(event, sizeOf(event));
  }

  #checkRevision(revision: number): void {
    if (revision > this.#revision) {
      throw new FutureRevisionError(`revision ${revision} is not written yet, the newest is ${this.#revision}`);
    }
    if (revision < this.oldestRevision) throw new CompactedError(revision, this.oldestRevision);
  }
}

/** What an event keeps alive beside the live objects: the value it replaced. Its JSON was made when it was written. */
function sizeOf(event: StoreEvent): number {
  return event.previous?.bytes().length ?? 0;
}

function* merged(live: Iterable<string>, gone: readonly string[], after: string | undefined): Generator<string> {
  let at = after === undefined ? 0 : gone.findIndex((key) => key > after);
  if (at < 0) at = gone.length;
  for (const key of live) {
    for (let next = gone[at]; next !== undefined && next < key; next = gone[++at]) yield next;
    yield key;
  }
  yield* gone.slice(at);
}
