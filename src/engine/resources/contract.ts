import type { Kind, KubeObject, ResourceInfo, Status } from '../kinds/index.ts';
import type { Entry } from '../store/index.ts';

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a request is about. */
export interface Target {
  readonly info: ResourceInfo;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

export interface RequestOptions {
  readonly user: UserInfo;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  /** Strict when not given, as for kubectl; `Warn` is what the API server defaults to (the api room passes it on). */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** Faults of decoding the bytes (duplicate keys), to be refused or warned of as fieldValidation says. */
  readonly decodingFaults?: readonly string[];
  /** Warnings for the Warning header are pushed here. */
  readonly warnings: string[];
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface PatchRequest extends RequestOptions {
  readonly type: PatchType;
  readonly patch: unknown;
  /** Server-side apply: take fields from other managers. */
  readonly force?: boolean;
}

export interface ListRequest {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ListAnswer {
  /** Objects in the version asked for. `bytes()` of an entry is right when its object is the entry's own value. */
  readonly items: readonly { readonly object: KubeObject; readonly entry: Entry }[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WatchRequest extends ListRequest {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
}

/** `bytes` is the object's JSON, shared by all watchers of the same version. */
export interface ResourceEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject | Status;
  bytes(): Buffer;
}

export interface ResourceWatch {
  stop(): void;
}

export interface DeleteRequest extends RequestOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly orphanDependents?: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The answer of a delete: the object while it still goes, or a Status when it is gone. */
export interface DeleteAnswer {
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** The verbs. Each rejects with StatusError and leaves nothing half done. */
export interface Resources {
  create(target: Target, body: unknown, options: RequestOptions): Promise<KubeObject>;
  get(target: Target, resourceVersion?: string): KubeObject;
  /** The stored bytes of a get, when they can be sent as they are. */
  getEntry(target: Target): Entry;
  list(target: Target, request: ListRequest): ListAnswer;
  /** Answers the object and whether the update created it. */
  update(target: Target, body: unknown, options: RequestOptions): Promise<{ object: KubeObject; created: boolean }>;
  patch(target: Target, request: PatchRequest): Promise<{ object: KubeObject; created: boolean }>;
  delete(target: Target, request: DeleteRequest): Promise<DeleteAnswer>;
  deleteCollection(target: Target, selection: ListRequest, request: DeleteRequest): Promise<readonly KubeObject[]>;
  /** Events come batched, in order, each once. `onClose` is called once when the watch cannot go on. */
  watch(
    target: Target,
    request: WatchRequest,
    onEvents: (events: readonly ResourceEvent[]) => void,
    onClose: (error?: Error) => void,
  ): ResourceWatch;
  /** Asks admission whether a connection to the object may be made. @throws StatusError when it may not */
  admitConnect(target: Target, request: ConnectRequest): Promise<void>;
}

/** A connection (exec, attach, port-forward, proxy) that admission is asked of. */
export interface ConnectRequest extends RequestOptions {
  /** Kind of the options: `PodAttachOptions`. */
  readonly kind: string;
  /** The options themselves, as the query gave them. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * One admission step. Mutating steps run first, in the order given, then validating ones. A step writes to the object it
 * is given (the verb's own copy) or throws StatusError (`forbidden`).
 */
export interface Admission {
  readonly name: string;
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly target: Target;
  /** The object as it will be; undefined for a delete. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Warnings for the client are pushed here. */
  readonly warnings: string[];
  /** Reads other objects as they are now. */
  read<T>(kind: Kind<T>, namespace: string | undefined, name: string): T | undefined;
  readAll<T>(kind: Kind<T>, namespace: string | undefined): readonly T[];
  /** All versions that the resource is served in. */
  versions(): readonly ResourceInfo[];
  /** A copy of the object in another version of its resource. */
  inVersion(object: KubeObject, info: ResourceInfo): KubeObject;
  /** What a step made of an object in that version: unknown fields gone, defaults filled in, in the storage version. */
  settle(body: unknown, info: ResourceInfo): KubeObject;
}
