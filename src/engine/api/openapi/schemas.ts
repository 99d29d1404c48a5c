import { type FieldFact, type TypeFact, typeFacts } from '../../kinds/index.ts';
import type { Descriptions } from './descriptions.ts';

/** A part of an OpenAPI document. */
export type Json = { [key: string]: unknown };

/** Which of the two forms is being made: `#/definitions/` (2.0) or `#/components/schemas/` (3.0). */
export type Dialect = 2 | 3;

export const REFERENCE: Readonly<Record<Dialect, string>> = { 2: '#/definitions/', 3: '#/components/schemas/' };

/** Adds the schemas of these types and of all that they refer to, by name. */
export function addSchemas(
  into: Map<string, Json>,
  names: Iterable<string>,
  dialect: Dialect,
  descriptions: Descriptions,
): void {
  const facts = typeFacts();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const fact = facts[name];
    if (!fact || into.has(name)) continue;
    into.set(name, typeSchema(name, fact, dialect, descriptions));
    for (const field of Object.values(fact.fields ?? {})) waiting.push(...references(field));
  }
}

function references(field: FieldFact): string[] {
  if (field.ref) return [field.ref];
  const inner = field.array ?? field.map;
  return inner ? references(inner) : [];
}

function typeSchema(name: string, fact: TypeFact, dialect: Dialect, descriptions: Descriptions): Json {
  const schema: Json = {};
  const description = descriptions.ofType(name) ?? SPECIAL_DESCRIPTIONS[name];
  if (description) schema.description = description;
  if (fact.oneOf) {
    if (dialect === 3) schema.oneOf = fact.oneOf.map((type) => ({ type }));
    else schema.type = 'string';
  } else if (fact.type !== 'any') schema.type = fact.type ?? 'object';
  if (fact.format) schema.format = fact.format;
  const required: string[] = [];
  if (fact.fields) {
    const properties: Json = {};
    for (const [field, about] of Object.entries(fact.fields)) {
      // The source of the texts has none beside a reference; what the type itself says is the next best.
      const text = descriptions.ofField(name, field) ?? (about.ref && descriptions.ofType(about.ref));
      properties[field] = fieldSchema(about, dialect, text);
      if (about.required) required.push(field);
    }
    schema.properties = properties;
  }
  if (required.length > 0) schema.required = required.sort();
  if (fact.mapType) schema['x-kubernetes-map-type'] = fact.mapType;
  if (fact.gvk?.length) {
    schema['x-kubernetes-group-version-kind'] = fact.gvk.map(([group, version, kind]) => ({ group, kind, version }));
  }
  if (fact.unions) schema['x-kubernetes-unions'] = fact.unions;
  return schema;
}

const SPECIAL_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time':
    'Time is a wrapper around time.Time which supports correct marshaling to YAML and JSON.  Wrappers are provided for many of the factory methods that the time package offers.',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'MicroTime is version of Time with microsecond level precision.',
  'io.k8s.apimachinery.pkg.api.resource.Quantity':
    'Quantity is a fixed-point representation of a number. It provides convenient marshaling/unmarshaling in JSON and YAML, in addition to String() and AsInt64() accessors.',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString':
    'IntOrString is a type that can hold an int32 or a string.  When used in JSON or YAML marshalling and unmarshalling, it produces or consumes the inner type.',
};

function fieldSchema(field: FieldFact, dialect: Dialect, description?: string): Json {
  const schema: Json = description ? { description } : {};
  const value = innerSchema(field, dialect);
  if (field.ref) {
    const plain = !description && field.default === undefined;
    // Beside a reference nothing else is read in 3.0, so what is said about it stands around it.
    if (dialect === 2 || plain) Object.assign(schema, value);
    else schema.allOf = [value];
  } else Object.assign(schema, value);
  if (field.default !== undefined && dialect === 3) schema.default = field.default;
  if (field.enum) schema.enum = field.enum;
  if (field.listType) schema['x-kubernetes-list-type'] = field.listType;
  if (field.listMapKeys) schema['x-kubernetes-list-map-keys'] = field.listMapKeys;
  if (field.mapType) schema['x-kubernetes-map-type'] = field.mapType;
  if (field.patchStrategy) schema['x-kubernetes-patch-strategy'] = field.patchStrategy;
  if (field.patchMergeKey) schema['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
  return schema;
}

function innerSchema(field: FieldFact, dialect: Dialect): Json {
  if (field.ref) return { $ref: `${REFERENCE[dialect]}${field.ref}` };
  if (field.array) return { type: 'array', items: itemSchema(field.array, dialect) };
  if (field.map) return { type: 'object', additionalProperties: itemSchema(field.map, dialect) };
  const schema: Json = {};
  if (field.type && field.type !== 'any') schema.type = field.type;
  if (field.format) schema.format = field.format;
  return schema;
}

function itemSchema(field: FieldFact, dialect: Dialect): Json {
  const schema = innerSchema(field, dialect);
  if (field.default === undefined || dialect === 2) return schema;
  return field.ref ? { allOf: [schema], default: field.default } : { ...schema, default: field.default };
}
