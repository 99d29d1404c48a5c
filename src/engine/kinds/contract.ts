import type { ObjectMeta, Status } from './generated/types.ts';

/** What every object has. Objects are immutable: a change makes a new one; never write to one you were given. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A kind as a client names it, with the type of its objects: the constants of ./generated/constants.ts, or your own. */
export interface Kind<T = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** The plural: `pods`. */
  readonly resource: string;
  /** `Pod`. */
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries the type only; never set. */
  readonly object?: T;
}

/** What a client may leave out of an object it sends: everything the server fills in. */
export type Draft<T> = T extends { metadata: ObjectMeta }
  ? Omit<T, 'metadata' | 'status' | 'apiVersion' | 'kind' | 'spec'> & {
      apiVersion?: string;
      kind?: string;
      metadata: Partial<ObjectMeta>;
    } & (T extends { spec: infer S } ? { spec?: S } : unknown) &
      (T extends { status: infer S } ? { status?: Partial<S> } : unknown)
  : T;

/** The shape of a value: the same for a built-in type and a custom resource, so that every verb has one path. */
export interface Schema {
  readonly type:
    | 'object'
    | 'list'
    | 'map'
    | 'string'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'bytes'
    | 'time'
    | 'microTime'
    | 'quantity'
    | 'intOrString'
    | 'any';
  /** Of an object: its fields. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Of a list or a map: what it holds. */
  readonly items?: Schema;
  /** `int32`, `int64`, `double`, `byte`, `date-time` ... */
  readonly format?: string;
  /** An object or map that server-side apply owns as one value. */
  readonly mapType?: 'granular' | 'atomic';
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** Unknown fields stay (custom resources; RawExtension). */
  readonly preserveUnknownFields?: boolean;
  /** The OpenAPI name of a built-in type (`io.k8s.api.core.v1.PodSpec`). */
  readonly name?: string;
}

/** A field of an object. */
export interface Field {
  readonly schema: Schema;
  readonly required?: boolean;
  readonly default?: unknown;
  /** Strategic merge: how a list or object is merged, and by which key. */
  readonly patchStrategy?: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey?: string;
  /** Written even when nobody set it (a Go field without omitempty, or a struct): the value it then has. */
  readonly zero?: '' | 0 | false | '0' | 'object' | 'list' | 'map';
  /** Not written when zero or empty (a Go field with omitempty that is no pointer). */
  readonly omitZero?: boolean;
}

export interface SubresourceInfo {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** One resource of discovery with everything that drives its verbs. */
export interface ResourceInfo extends Kind {
  readonly singular: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: ReadonlyMap<string, SubresourceInfo>;
  readonly schema: Schema;
  /** Off unless the cluster's settings turn the version on (alpha and beta versions, as upstream). */
  readonly onByDefault: boolean;
  /** The version that objects of this group and resource are kept in; others are converted on the way. */
  readonly storageVersion: string;
  /** What is special about this kind. */
  readonly behaviour: Behaviour;
  /** Told to every client that uses this version (`v1 Endpoints is deprecated in v1.33+; …`). */
  readonly deprecation?: string;
  /** Set on custom resources. */
  readonly custom?: boolean;
  /** Set when the objects are kept under another group's key (events.k8s.io Events are core Events). */
  readonly storageGroup?: string;
  /** Of custom resources: the columns of their CustomResourceDefinition. */
  readonly printerColumns?: readonly CustomColumn[];
}

/** One of a CustomResourceDefinition's additionalPrinterColumns. */
export interface CustomColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

/** One fault of a field, as upstream words it: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export interface FieldFault {
  /** `spec.containers[0].image`. */
  readonly path: string;
  readonly type:
    | 'Required'
    | 'Invalid'
    | 'NotSupported'
    | 'Forbidden'
    | 'Duplicate'
    | 'TooLong'
    | 'TooMany'
    | 'NotFound'
    | 'TypeInvalid'
    | 'TooShort'
    | 'TooFew'
    | 'Internal';
  readonly value?: unknown;
  readonly detail: string;
}

/** Behaviour of a kind beyond its data. Each function may write to the object it is given (a fresh copy of the verb's own). */
export interface Behaviour {
  /** Defaults that depend on other fields (upstream's SetDefaults_*), after the table's own. */
  setDefaults?(object: KubeObject): void;
  /** Before a create: drop what a client may not set (status), set generation and the like. */
  prepareForCreate?(object: KubeObject): void;
  /** Before an update of the main resource: keep status, count generation. */
  prepareForUpdate?(object: KubeObject, old: KubeObject): void;
  /** Before an update of /status: keep all but status. */
  prepareForStatusUpdate?(object: KubeObject, old: KubeObject): void;
  validate?(object: KubeObject): FieldFault[];
  validateUpdate?(object: KubeObject, old: KubeObject): FieldFault[];
  validateStatusUpdate?(object: KubeObject, old: KubeObject): FieldFault[];
  warnings?(object: KubeObject): string[];
  /** The fields that `fieldSelector` may name besides metadata.name and metadata.namespace. */
  selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Whether updates may create (upstream: AllowCreateOnUpdate). False when not given. */
  createOnUpdate?: boolean;
  /** Whether an update needs no resourceVersion (upstream: AllowUnconditionalUpdate). True when not given. */
  unconditionalUpdate?: boolean;
  /** The cells of `kubectl get`, in the order of `columns`. `now` is milliseconds since 1970. */
  cells?(object: KubeObject, now: number): (string | number | boolean | null)[];
  columns?: readonly TableColumn[];
  /** The name rule; DNS subdomain when not given. Returns the faults of a name (`isGenerateName`: a prefix). */
  validateName?(name: string, isGenerateName: boolean): string[];
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** 1: only with `-o wide`. */
  readonly priority: number;
  readonly description: string;
}

/** Everything that is served, by name. Custom resources are added and removed while the cluster runs. */
export interface Catalogue {
  /** Every resource served now, in discovery's order. */
  all(): readonly ResourceInfo[];
  find(group: string, version: string, resource: string): ResourceInfo | undefined;
  /** By kind (`apps`, `v1`, `Deployment`). */
  findKind(group: string, version: string, kind: string): ResourceInfo | undefined;
  add(info: ResourceInfo): void;
  remove(group: string, version: string, resource: string): void;
  /** Counts up with every change; discovery and OpenAPI documents are made anew when it moves. */
  readonly generation: number;
}

/** A refusal as the API speaks it: reason, code, message, details. The only error that verbs throw on purpose. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status, options?: { cause?: unknown }) {
    super(status.message ?? status.reason ?? 'unknown error', options);
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}
