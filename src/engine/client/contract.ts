import type { Clock, Log } from '../../base/index.ts';
import type { Draft, Kind, KubeObject } from '../kinds/index.ts';

export interface ListQuery {
  /** All namespaces when not given. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  subresource?: string;
}

export type Patch =
  | { type: 'json'; body: readonly unknown[] }
  | { type: 'merge' | 'strategic'; body: unknown }
  /** Server-side apply; needs `fieldManager`. */
  | { type: 'apply'; body: unknown; force?: boolean };

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  uid?: string;
  resourceVersion?: string;
  dryRun?: boolean;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface WatchQuery {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Changes after this version. */
  resourceVersion: string;
  signal: AbortSignal;
}

/**
 * Speaks to an API server, in this process or over HTTP. Objects that come back are immutable and may be shared.
 * Every method rejects with StatusError for what the API refuses.
 */
export interface Client {
  get<T>(kind: Kind<T>, namespace: string | undefined, name: string): Promise<T>;
  list<T>(kind: Kind<T>, query?: ListQuery): Promise<ObjectList<T>>;
  create<T>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** Replaces; the object's resourceVersion is checked when it carries one. */
  update<T>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T>(kind: Kind<T>, object: T): Promise<T>;
  patch<T>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  /** The object as it is while it goes (finalizers, grace period), or as it was last. */
  delete<T>(kind: Kind<T>, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<T>;
  /** Creates at a subresource (`pods/binding`, `pods/eviction`, `serviceaccounts/token`); answers what the API answers. */
  createSubresource(
    kind: Kind<unknown>,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: unknown,
  ): Promise<unknown>;
  /** Ends without error when the server closes it; rejects with StatusError 410 when the version is too old. */
  watch<T>(kind: Kind<T>, query: WatchQuery, onEvent: (event: WatchEvent<T>) => void): Promise<void>;
}

/** What an informer tells. `before` is undefined for an addition, `now` for a removal. Called in order of revisions. */
export type InformerHandler<T> = (now: T | undefined, before: T | undefined) => void;

/** A local view of one kind that follows the server. Reads never leave the process. */
export interface Informer<T> {
  get(namespace: string | undefined, name: string): T | undefined;
  /** All, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Objects that `indexer` (added with addIndex) filed under `value`. */
  byIndex(index: string, value: string): readonly T[];
  addIndex(index: string, indexer: (object: T) => readonly string[]): void;
  /** Objects controlled by the owner with this uid (metadata.ownerReferences, controller true). */
  ownedBy(uid: string): readonly T[];
  /** Handlers added late are told of everything already there. Returns the way to take it back. */
  onChange(handler: InformerHandler<T>): () => void;
  /** Resolves when the first list has arrived and been told. */
  synced(): Promise<void>;
}

/** One informer a kind, shared by all who ask; started by the first. */
export interface Informers {
  of<T extends KubeObject>(kind: Kind<T>): Informer<T>;
  stop(): void;
}

/** What an event is about: an object, or as much of one as is known. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/** Writes Kubernetes events (core/v1, aggregated by count as upstream's recorder does). Never rejects, never blocks. */
export interface EventRecorder {
  event(
    about: EventSubject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    /** The part of the object it is about: `spec.containers{web}`. */
    fieldPath?: string,
  ): void;
}

/** What every controller, the scheduler, the proxy and the node are given. */
export interface LoopContext {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  /** `host` is the node's name where the component runs on one (kubelet). */
  recorder(component: string, host?: string): EventRecorder;
}

/** A running part of the engine. */
export interface Running {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  clock: Clock;
  log: Log;
  /**
   * Brings one object (`namespace/name`, or `name`) to its wanted state; reads state, never the event. Rejecting tries
   * again with back-off (5 ms doubling to 30 s); a number asks to be called again after that many milliseconds.
   */
  reconcile(key: string): Promise<number | undefined>;
  /** How many keys at once; 4 when not given. A key never runs twice at once. */
  concurrency?: number;
}

/** A work queue with its workers: keys are unique, back-off is per key. */
export interface Loop extends Running {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
}
