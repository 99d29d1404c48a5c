import type { Field } from './contract.ts';
import text from './generated/protobuf.data';
import { schemaOf, typeFacts, typeNameOf } from './schema.ts';

/** How one field travels. */
export interface FieldPlan {
  readonly number: number;
  /** The JSON key; undefined for a struct whose fields stand in the JSON object itself (a Volume's source). */
  readonly key: string | undefined;
  readonly wire: Wire;
  readonly repeated: boolean;
  /** Of a map: what its values are; `wire` is then that of the values. */
  readonly map: boolean;
  /** Zero values are not written to JSON. */
  readonly omitZero: boolean;
}

export type Wire =
  | { readonly type: 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double' }
  | { readonly type: 'message'; readonly message: () => MessagePlan };

export interface MessagePlan {
  readonly name: string;
  /** Values that JSON writes otherwise than as an object of fields. */
  readonly special: Special | undefined;
  readonly byNumber: ReadonlyMap<number, FieldPlan>;
  /** From the last number to the first: the writer works backwards. */
  readonly descending: readonly FieldPlan[];
  readonly byKey: ReadonlyMap<string, FieldPlan>;
  /** Structs whose fields stand in the JSON object itself. */
  readonly embedded: readonly FieldPlan[];
}

export type Special =
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  | 'raw'
  | 'strings'
  | 'schemaOrArray'
  | 'schemaOrBool'
  | 'schemaOrStrings';

type FieldFact = readonly [number: number, type: string, label: string];

const META = 'k8s.io.apimachinery.pkg.apis.meta.v1.';
const SPECIALS: Readonly<Record<string, Special>> = {
  [`${META}Time`]: 'time',
  [`${META}MicroTime`]: 'microTime',
  [`${META}FieldsV1`]: 'raw',
  [`${META}Verbs`]: 'strings',
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'raw',
};
const SPECIAL_ENDINGS: Readonly<Record<string, Special>> = {
  '.ExtraValue': 'strings',
  '.JSON': 'raw',
  '.JSONSchemaPropsOrArray': 'schemaOrArray',
  '.JSONSchemaPropsOrBool': 'schemaOrBool',
  '.JSONSchemaPropsOrStringArray': 'schemaOrStrings',
};

/** Kinds that every group and version has of its own, as upstream registers them (`apps/v1` DeleteOptions). */
const OPTIONS: ReadonlySet<string> = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);

let facts: Record<string, Record<string, FieldFact>> | undefined;
const plans = new Map<string, MessagePlan>();

/** The message of an object's kind, or undefined when it has none (custom resources, tables). */
export function messageOf(apiVersion: string, kind: string): MessagePlan | undefined {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const type = OPTIONS.has(kind) ? undefined : typeNameOf(group, version, kind);
  const name = type ? protobufName(type) : `${META}${kind}`;
  // Kinds of the machinery itself (Status, PartialObjectMetadata, APIGroupList) have no group of their own.
  if (!type && !OPTIONS.has(kind) && !(version === 'v1' && (group === '' || group === 'meta.k8s.io'))) return undefined;
  return table()[name] ? planOf(name) : undefined;
}

/** The message of a type by its protobuf name. */
export function planNamed(name: string): MessagePlan {
  return planOf(name);
}

function table(): Record<string, Record<string, FieldFact>> {
  facts ??= JSON.parse(text) as Record<string, Record<string, FieldFact>>;
  return facts;
}

function protobufName(typeName: string): string {
  return typeName
    .replace(/^io\.k8s\.kube-aggregator/, 'k8s.io.kube_aggregator')
    .replace(/^io\.k8s\.apiextensions-apiserver/, 'k8s.io.apiextensions_apiserver')
    .replace(/^io\.k8s\./, 'k8s.io.');
}

function typeName(name: string): string {
  return name
    .replace(/^k8s\.io\.kube_aggregator/, 'io.k8s.kube-aggregator')
    .replace(/^k8s\.io\.apiextensions_apiserver/, 'io.k8s.apiextensions-apiserver')
    .replace(/^k8s\.io\./, 'io.k8s.');
}

/** `inside`: the JSON fields of the object that an embedded struct's fields stand in. */
function planOf(name: string, inside?: Readonly<Record<string, Field>>): MessagePlan {
  const known = inside ? undefined : plans.get(name);
  if (known) return known;
  const special = SPECIALS[name] ?? SPECIAL_ENDINGS[name.slice(name.lastIndexOf('.'))];
  const jsonFields = inside ?? (typeFacts()[typeName(name)]?.fields ? schemaOf(typeName(name))?.fields : undefined);
  const fields = Object.entries(table()[name] ?? {}).map(([field, fact]) => fieldPlan(name, field, fact, jsonFields));
  const plan: MessagePlan = {
    name,
    special,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    descending: fields.sort((a, b) => b.number - a.number),
    byKey: new Map(fields.flatMap((field) => (field.key === undefined ? [] : [[field.key, field] as const]))),
    embedded: fields.filter((field) => field.key === undefined),
  };
  if (!inside) plans.set(name, plan);
  return plan;
}

function fieldPlan(
  message: string,
  name: string,
  [number, type, label]: FieldFact,
  jsonFields: Readonly<Record<string, Field>> | undefined,
): FieldPlan {
  const map = /^map<string, (.+)>$/.exec(type);
  const key = jsonKey(name, jsonFields);
  const wire = wireOf(message, map?.[1] ?? type, key === undefined ? jsonFields : undefined);
  return {
    number,
    key,
    wire,
    repeated: label === 'repeated',
    map: map !== null,
    omitZero: key !== undefined && jsonFields?.[key]?.omitZero === true,
  };
}

const SCALARS = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'double']);

function wireOf(message: string, type: string, inside: Readonly<Record<string, Field>> | undefined): Wire {
  if (SCALARS.has(type)) return { type: type as 'string' };
  const bare = type.replace(/^\./, '');
  const name = bare.includes('.') ? bare : message.slice(0, message.lastIndexOf('.') + 1) + bare;
  let plan: MessagePlan | undefined;
  return {
    type: 'message',
    message: () => {
      plan ??= planOf(name, inside);
      return plan;
    },
  };
}

/** The JSON key of a protobuf field: the same, but for capitals, `x-kubernetes-` and `$`; undefined: embedded. */
function jsonKey(name: string, fields: Readonly<Record<string, Field>> | undefined): string | undefined {
  if (!fields || fields[name]) return name;
  const dashed = name.replace(/^xKubernetes/, 'x-kubernetes').replace(/[A-Z]/g, (sign) => `-${sign.toLowerCase()}`);
  for (const candidate of [dashed, `$${name}`]) if (fields[candidate]) return candidate;
  const lower = name.toLowerCase();
  return Object.keys(fields).find((key) => key.toLowerCase() === lower);
}
