import type { Field, Schema } from './contract.ts';
import text from './generated/types.data';
import zeroText from './zero-values.data';

/** A type of v1.36 as the facts describe it; what OpenAPI documents are made of. */
export interface TypeFact {
  readonly fields?: Readonly<Record<string, FieldFact>>;
  readonly gvk?: readonly (readonly [group: string, version: string, kind: string])[];
  readonly type?: string;
  readonly format?: string;
  readonly oneOf?: readonly string[];
  readonly mapType?: 'granular' | 'atomic';
  readonly unions?: readonly unknown[];
}

export interface FieldFact {
  readonly type?: string;
  readonly ref?: string;
  readonly array?: FieldFact;
  readonly map?: FieldFact;
  readonly format?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'granular' | 'atomic';
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** The protobuf field number. */
  readonly proto?: number;
}

type Zero = NonNullable<Field['zero']>;
interface ZeroFact {
  readonly always?: Readonly<Record<string, Zero>>;
  readonly pointers?: readonly string[];
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
export const OBJECT_META = `${META}ObjectMeta`;
export const LIST_META = `${META}ListMeta`;
export const STATUS = `${META}Status`;

let facts: Record<string, TypeFact> | undefined;
let zeros: Record<string, ZeroFact> | undefined;
let names: Map<string, string> | undefined;
const schemas = new Map<string, Schema>();

/** Every API type by its OpenAPI name (`io.k8s.api.core.v1.Pod`). Parsed when first asked for. */
export function typeFacts(): Readonly<Record<string, TypeFact>> {
  facts ??= JSON.parse(text) as Record<string, TypeFact>;
  return facts;
}

/** The OpenAPI name of a kind's type, or undefined when no type carries it. */
export function typeNameOf(group: string, version: string, kind: string): string | undefined {
  if (!names) {
    names = new Map();
    for (const [name, fact] of Object.entries(typeFacts())) {
      for (const triple of fact.gvk ?? []) {
        const key = triple.join('/');
        if (!names.has(key)) names.set(key, name);
      }
    }
  }
  return names.get(`${group}/${version}/${kind}`);
}

const ANY: Schema = { type: 'any', preserveUnknownFields: true };
const SPECIAL: Readonly<Record<string, Schema>> = {
  [`${META}Time`]: { type: 'time', format: 'date-time' },
  [`${META}MicroTime`]: { type: 'microTime', format: 'date-time' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'intOrString', format: 'int-or-string' },
};

/** An object type whose fields are made when first looked at: types refer to themselves (JSONSchemaProps). */
class NamedSchema implements Schema {
  readonly type = 'object' as const;
  readonly name: string;
  readonly mapType?: 'granular' | 'atomic';
  #fields: Readonly<Record<string, Field>> | undefined;

  constructor(name: string, fact: TypeFact) {
    this.name = name;
    if (fact.mapType) this.mapType = fact.mapType;
  }

  get fields(): Readonly<Record<string, Field>> {
    this.#fields ??= fieldsOf(this.name);
    return this.#fields;
  }
}

/**
 * The schema of a built-in type by its OpenAPI name. Made once, shared.
 * Types without fields (RawExtension, FieldsV1, JSON) are `any`: what is in them stays as it is.
 */
export function schemaOf(typeName: string): Schema | undefined {
  const known = schemas.get(typeName);
  if (known) return known;
  const fact = typeFacts()[typeName];
  if (!fact) return undefined;
  const special = SPECIAL[typeName];
  const schema: Schema = special
    ? { ...special, name: typeName }
    : fact.fields
      ? new NamedSchema(typeName, fact)
      : fact.type === 'object' && EMPTY_STRUCTS.has(typeName)
        ? { type: 'object', name: typeName, fields: {} }
        : { ...ANY, name: typeName };
  schemas.set(typeName, schema);
  return schema;
}

/** Types that have no fields (yet), as against types that hold anything. */
const EMPTY_STRUCTS = new Set([
  'io.k8s.api.apiserverinternal.v1alpha1.StorageVersionSpec',
  'io.k8s.api.scheduling.v1alpha2.BasicSchedulingPolicy',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus',
]);

function fieldsOf(typeName: string): Readonly<Record<string, Field>> {
  zeros ??= JSON.parse(zeroText) as Record<string, ZeroFact>;
  const zeroFact = zeros[typeName];
  const pointers = new Set(zeroFact?.pointers);
  const made: Record<string, Field> = Object.create(null);
  for (const [key, fact] of Object.entries(typeFacts()[typeName]?.fields ?? {})) {
    made[key] = fieldOf(fact, zeroFact?.always?.[key], pointers.has(key));
  }
  return made;
}

function fieldOf(fact: FieldFact, zero: Zero | undefined, isPointer: boolean): Field {
  const schema = schemaOfFact(fact);
  const omitZero = zero === undefined && !isPointer && OMITTED_WHEN_ZERO.has(schema.type);
  return {
    schema,
    ...(fact.required && { required: true }),
    // A default that is the zero value only says that the field has no omitempty: `zero` covers it.
    ...(Boolean(fact.default) && { default: fact.default }),
    ...(fact.patchStrategy && {
      patchStrategy: fact.patchStrategy.split(',') as ('merge' | 'replace' | 'retainKeys')[],
    }),
    ...(fact.patchMergeKey && { patchMergeKey: fact.patchMergeKey }),
    ...(zero !== undefined && { zero }),
    ...(omitZero && { omitZero: true }),
  };
}

const OMITTED_WHEN_ZERO: ReadonlySet<Schema['type']> = new Set([
  'string',
  'integer',
  'number',
  'boolean',
  'list',
  'map',
  'bytes',
]);

function schemaOfFact(fact: FieldFact): Schema {
  if (fact.ref) {
    const schema = schemaOf(fact.ref) ?? ANY;
    // A field may own as one value what its type alone would not.
    return fact.mapType && schema.type === 'object' && schema.mapType !== fact.mapType
      ? atomicView(schema, fact.mapType)
      : schema;
  }
  if (fact.array) {
    return {
      type: 'list',
      items: schemaOfFact(fact.array),
      ...(fact.listType && { listType: fact.listType }),
      ...(fact.listMapKeys && { listMapKeys: fact.listMapKeys }),
    };
  }
  if (fact.map) {
    return { type: 'map', items: schemaOfFact(fact.map), ...(fact.mapType && { mapType: fact.mapType }) };
  }
  switch (fact.type) {
    case 'string':
      return fact.format === 'byte' ? { type: 'bytes', format: 'byte' } : STRING;
    case 'boolean':
      return BOOLEAN;
    case 'integer':
      return { type: 'integer', format: fact.format ?? 'int64' };
    case 'number':
      return { type: 'number', format: fact.format ?? 'double' };
    default:
      return ANY;
  }
}

const STRING: Schema = { type: 'string' };
const BOOLEAN: Schema = { type: 'boolean' };

function atomicView(schema: Schema, mapType: 'granular' | 'atomic'): Schema {
  return {
    type: 'object',
    mapType,
    ...(schema.name && { name: schema.name }),
    get fields() {
      return schema.fields ?? {};
    },
  };
}
