/**
 * Revisions, keys, bytes. Knows nothing of what the values mean.
 *
 * Invariants: one global revision counter; a revision is given to one change; readers see changes in the order of their
 * revisions and only when they are durable; a watcher sees every change after the revision it names, each once, in order.
 */
export interface Entry {
  readonly key: string;
  /** The immutable value; shared by all readers, never copied. */
  readonly value: object;
  /** The revision that wrote this value. */
  readonly revision: number;
  /** The value's JSON, made once and kept. */
  bytes(): Buffer;
}

/** One change. `make` gets the revision the change will have and returns the value to keep, or `undefined` to delete. */
export interface Change {
  readonly key: string;
  /** The revision the key must have now; 0: it must not exist. A mismatch rejects with ConflictError. */
  readonly expect: number;
  make(revision: number): object | undefined;
}

export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  /** What the key holds instead (may not be durable yet). */
  readonly found: Entry | undefined;

  constructor(key: string, found: Entry | undefined) {
    super(`${key}: changed by another writer`);
    this.found = found;
  }
}

/** A revision older than the store still keeps (the API's 410 Gone). */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly revision: number;
  readonly oldest: number;

  constructor(revision: number, oldest: number) {
    super(`revision ${revision} is gone, the oldest kept is ${oldest}`);
    this.revision = revision;
    this.oldest = oldest;
  }
}

/** A revision that has not been written yet. */
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
}

export interface ListOptions {
  /** Read as of this revision; the newest when not given. */
  revision?: number;
  /** Only keys after this one. */
  after?: string;
  /** At most this many; all when not given. */
  limit?: number;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  /** The revision the answer is of. */
  readonly revision: number;
  /** How many more keys the prefix holds past the limit. */
  readonly remaining: number;
}

export interface StoreEvent {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: string;
  readonly revision: number;
  /** The value now; of a delete: the last value, with the delete's revision (made by `tombstone` of the options). */
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

export interface WatchOptions {
  prefix: string;
  /** Changes after this revision; 0 or not given: from now. */
  after?: number;
  /** Called in order, one call per durable batch; must not throw and must be quick. */
  onEvents(events: readonly StoreEvent[]): void;
}

export interface Watch {
  stop(): void;
}

export interface Store {
  /** The newest durable revision. Starts at 1 in an empty store. */
  readonly revision: number;
  /** The oldest revision that can still be read or watched from. */
  readonly oldestRevision: number;
  get(key: string): Entry | undefined;
  /** Like `get`, but sees changes that are not durable yet: what the next change will be checked against. */
  head(key: string): Entry | undefined;
  /** @throws CompactedError, FutureRevisionError */
  getAt(key: string, revision: number): Entry | undefined;
  /** Keys with the prefix in byte order. @throws CompactedError, FutureRevisionError */
  list(prefix: string, options?: ListOptions): ListResult;
  /** How many keys the prefix holds. */
  count(prefix: string): number;
  /**
   * Resolves when the change is durable and visible, with the new entry (of a delete: the deleted one, at the delete's
   * revision). Changes of one tick share one flush. Atomic. @throws ConflictError at once, before anything is written.
   */
  write(change: Change): Promise<Entry>;
  /**
   * Resolves when every change given out so far is durable and visible, or refused. Who lost to a change that only `head`
   * shows waits here, or it would read the old value again and lose again, and, without ever leaving its turn of the event
   * loop, keep the change from its disk.
   */
  settled(): Promise<void>;
  /** @throws CompactedError */
  watch(options: WatchOptions): Watch;
  /** Resolves when everything visible is on disk and the files are closed. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** How many revisions stay readable behind the newest; 50 000 when not given. */
  historyRevisions?: number;
  /** Makes the value that a delete's event carries: the last value as of the delete's revision. */
  tombstone?(value: object, revision: number): object;
}
