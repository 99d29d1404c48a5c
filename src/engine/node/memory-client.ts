import { randomUUID } from 'node:crypto';
import type {
  Client,
  DeleteOptions,
  ListQuery,
  ObjectList,
  Patch,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from '../client/index.ts';
import { conflict, type Draft, type Kind, type KubeObject, notFound, StatusError } from '../kinds/index.ts';

// For tests of this room only: as much of an API as a node needs, without admission, defaults or validation.

type Listener = (event: WatchEvent<KubeObject>) => void;

export class MemoryClient implements Client {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #revision = 1;

  async get<T>(kind: Kind<T>, namespace: string | undefined, name: string): Promise<T> {
    return this.#read(kind, namespace, name) as T;
  }

  async list<T>(kind: Kind<T>, query: ListQuery = {}): Promise<ObjectList<T>> {
    const prefix = `${kind.resource}/${query.namespace === undefined ? '' : `${query.namespace}/`}`;
    const items = [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T);
    return { items, resourceVersion: String(this.#revision) };
  }

  async create<T>(kind: Kind<T>, object: Draft<T>, _options?: WriteOptions): Promise<T> {
    const draft = object as unknown as KubeObject;
    const key = this.#key(kind, draft.metadata.namespace, draft.metadata.name);
    if (this.#objects.has(key)) {
      throw new StatusError({
        status: 'Failure',
        code: 409,
        reason: 'AlreadyExists',
        message: 'already exists',
      } as never);
    }
    const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
    const metadata = {
      generation: 1,
      ...draft.metadata,
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString(),
    };
    return this.#put(kind, 'ADDED', { ...draft, apiVersion, kind: kind.kind, metadata } as KubeObject) as T;
  }

  async update<T>(kind: Kind<T>, object: T, _options?: WriteOptions): Promise<T> {
    const given = object as KubeObject;
    const known = this.#read(kind, given.metadata.namespace, given.metadata.name);
    if (given.metadata.resourceVersion && given.metadata.resourceVersion !== known.metadata.resourceVersion) {
      throw conflict({ group: kind.group, resource: kind.resource }, given.metadata.name, 'changed');
    }
    return this.#put(kind, 'MODIFIED', given) as T;
  }

  updateStatus<T>(kind: Kind<T>, object: T): Promise<T> {
    return this.update(kind, object);
  }

  /** Merge patches of one level of metadata, enough for labels. */
  async patch<T>(kind: Kind<T>, namespace: string | undefined, name: string, patch: Patch): Promise<T> {
    const known = this.#read(kind, namespace, name);
    const body = (Array.isArray(patch.body) ? {} : patch.body) as { metadata?: object };
    return this.#put(kind, 'MODIFIED', { ...known, ...body, metadata: { ...known.metadata, ...body.metadata } }) as T;
  }

  async delete<T>(kind: Kind<T>, namespace: string | undefined, name: string, options: DeleteOptions = {}): Promise<T> {
    const known = this.#read(kind, namespace, name);
    const grace = options.gracePeriodSeconds ?? 30;
    if (kind.resource === 'pods' && grace > 0) {
      const metadata = {
        ...known.metadata,
        deletionTimestamp: new Date().toISOString(),
        deletionGracePeriodSeconds: grace,
      };
      return this.#put(kind, 'MODIFIED', { ...known, metadata }) as T;
    }
    if (options.uid && options.uid !== known.metadata.uid) {
      throw conflict({ group: kind.group, resource: kind.resource }, name, 'another uid');
    }
    this.#objects.delete(this.#key(kind, namespace, name));
    this.#tell(kind, 'DELETED', this.#stamped(known));
    return known as T;
  }

  async createSubresource(): Promise<unknown> {
    return {
      status: { token: `token-${this.#revision}`, expirationTimestamp: new Date(Date.now() + 3600_000).toISOString() },
    };
  }

  watch<T>(kind: Kind<T>, query: WatchQuery, onEvent: (event: WatchEvent<T>) => void): Promise<void> {
    const listeners = this.#listeners.get(kind.resource) ?? new Set();
    this.#listeners.set(kind.resource, listeners);
    const listener = onEvent as Listener;
    listeners.add(listener);
    return new Promise((resolve) => {
      query.signal.addEventListener('abort', () => {
        listeners.delete(listener);
        resolve();
      });
    });
  }

  #key(kind: Kind<unknown>, namespace: string | undefined, name: string): string {
    return `${kind.resource}/${namespace ?? ''}/${name}`;
  }

  #read(kind: Kind<unknown>, namespace: string | undefined, name: string): KubeObject {
    const found = this.#objects.get(this.#key(kind, namespace, name));
    if (!found) throw notFound({ group: kind.group, resource: kind.resource }, name);
    return found;
  }

  #stamped(object: KubeObject): KubeObject {
    this.#revision++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #put(kind: Kind<unknown>, type: 'ADDED' | 'MODIFIED', object: KubeObject): KubeObject {
    const stamped = this.#stamped(object);
    this.#objects.set(this.#key(kind, stamped.metadata.namespace, stamped.metadata.name), stamped);
    this.#tell(kind, type, stamped);
    return stamped;
  }

  #tell(kind: Kind<unknown>, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    for (const listener of this.#listeners.get(kind.resource) ?? []) queueMicrotask(() => listener({ type, object }));
  }
}
