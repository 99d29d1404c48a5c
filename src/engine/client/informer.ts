import { type Clock, type Log, messageOf } from '../../base/index.ts';
import { type Kind, type KubeObject, StatusError } from '../kinds/index.ts';
import type { Client, Informer, InformerHandler, WatchEvent } from './contract.ts';

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 30_000;

/** A secondary index: value to the objects filed under it, by key. */
interface Index<T> {
  readonly of: (object: T) => readonly string[];
  readonly filed: Map<string, Map<string, T>>;
}

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

/**
 * Lists once, then follows by watch. After the watch ends it goes on from the last version seen; only when that is too
 * old (410) does it list again and tell the differences. Objects are the client's own, never copied.
 */
export class FollowingInformer<T extends KubeObject> implements Informer<T> {
  readonly #client: Client;
  readonly #kind: Kind<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #objects = new Map<string, T>();
  readonly #indices = new Map<string, Index<T>>();
  readonly #owners: Index<T> = { of: controllerUid, filed: new Map() };
  readonly #namespaces: Index<T> = { of: (object) => [object.metadata.namespace ?? ''], filed: new Map() };
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #arrays = new Map<string, readonly T[]>();
  readonly #synced: Promise<void>;
  #markSynced: () => void = () => {};
  #version = '';

  constructor(client: Client, kind: Kind<T>, clock: Clock, log: Log) {
    this.#client = client;
    this.#kind = kind;
    this.#clock = clock;
    this.#log = log.child({ informer: kind.resource });
    this.#synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
    void this.#run();
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(`${namespace ?? ''}/${name}`);
  }

  list(namespace?: string): readonly T[] {
    const cacheKey = namespace ?? '';
    let array = this.#arrays.get(cacheKey);
    if (array === undefined) {
      const source = namespace === undefined ? this.#objects : this.#namespaces.filed.get(namespace);
      array = source === undefined ? [] : [...source.values()];
      if (array.length > 0) this.#arrays.set(cacheKey, array);
    }
    return array;
  }

  byIndex(index: string, value: string): readonly T[] {
    const filed = this.#indices.get(index)?.filed.get(value);
    return filed === undefined ? [] : [...filed.values()];
  }

  addIndex(name: string, indexer: (object: T) => readonly string[]): void {
    if (this.#indices.has(name)) return;
    const index: Index<T> = { of: indexer, filed: new Map() };
    this.#indices.set(name, index);
    for (const [key, object] of this.#objects) refile(index, key, object, undefined);
  }

  ownedBy(uid: string): readonly T[] {
    const filed = this.#owners.filed.get(uid);
    return filed === undefined ? [] : [...filed.values()];
  }

  onChange(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of [...this.#objects.values()]) this.#call(handler, object, undefined);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  synced(): Promise<void> {
    return this.#synced;
  }

  stop(): void {
    this.#stopping.abort();
    this.#handlers.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let delayMs = FIRST_DELAY_MS;
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#relist();
        const before = this.#version;
        await this.#client.watch(this.#kind, { resourceVersion: before, signal }, (event) => this.#take(event));
        if (signal.aborted) return;
        // A watch that told something was a good one; one that ends at once must not be taken up in a tight loop.
        if (this.#version !== before) delayMs = FIRST_DELAY_MS;
      } catch (error) {
        if (signal.aborted) return;
        const gone = error instanceof StatusError && error.code === 410;
        if (gone) this.#version = '';
        this.#log.debug('watch failed', { error: messageOf(error) });
        if (gone && delayMs === FIRST_DELAY_MS) {
          delayMs *= 2;
          continue;
        }
      }
      const waited = await this.#clock.sleep(delayMs, signal).then(
        () => true,
        () => false,
      );
      if (!waited) return;
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    }
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.#client.list(this.#kind);
    if (this.#stopping.signal.aborted) return;
    const seen = new Set<string>();
    for (const object of items) {
      seen.add(keyOf(object));
      this.#put(object);
    }
    for (const key of [...this.#objects.keys()]) if (!seen.has(key)) this.#remove(key);
    this.#version = resourceVersion;
    this.#markSynced();
  }

  #take(event: WatchEvent<T>): void {
    if (this.#stopping.signal.aborted) return;
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    if (event.type === 'DELETED') this.#remove(keyOf(event.object), event.object);
    else this.#put(event.object);
    this.#version = event.object.metadata.resourceVersion;
  }

  #put(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion) return;
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) {
      // The one known is gone and another took its name: handlers must see the end of the first.
      this.#remove(key);
      this.#put(object);
      return;
    }
    this.#objects.set(key, object);
    this.#file(key, object, before);
    for (const handler of [...this.#handlers]) this.#call(handler, object, before);
  }

  #remove(key: string, last?: T): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#file(key, undefined, before);
    for (const handler of [...this.#handlers]) this.#call(handler, undefined, last ?? before);
  }

  #file(key: string, now: T | undefined, before: T | undefined): void {
    this.#arrays.delete('');
    this.#arrays.delete((now ?? before)?.metadata.namespace ?? '');
    refile(this.#namespaces, key, now, before);
    refile(this.#owners, key, now, before);
    for (const index of this.#indices.values()) refile(index, key, now, before);
  }

  #call(handler: InformerHandler<T>, now: T | undefined, before: T | undefined): void {
    try {
      handler(now, before);
    } catch (error) {
      this.#log.error('handler failed', { error: messageOf(error) });
    }
  }
}

function controllerUid(object: KubeObject): readonly string[] {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
  return owner === undefined ? [] : [owner.uid];
}

function refile<T>(index: Index<T>, key: string, now: T | undefined, before: T | undefined): void {
  const newValues = now === undefined ? [] : index.of(now);
  if (before !== undefined) {
    for (const value of index.of(before)) {
      if (newValues.includes(value)) continue;
      const filed = index.filed.get(value);
      filed?.delete(key);
      if (filed?.size === 0) index.filed.delete(value);
    }
  }
  if (now === undefined) return;
  for (const value of newValues) {
    const filed = index.filed.get(value);
    if (filed) filed.set(key, now);
    else index.filed.set(value, new Map([[key, now]]));
  }
}
