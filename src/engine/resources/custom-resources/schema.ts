import { type Field, type JSONSchemaProps, type Schema, schemaOf } from '../../kinds/index.ts';
import { isPlain } from '../object.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const STRING: Schema = { type: 'string' };
const ANY: Schema = { type: 'any', preserveUnknownFields: true };

/** The whole object's schema of a version: its own, with the fields that every object has. */
export function objectSchema(props: JSONSchemaProps | undefined): Schema {
  const own = props ? toSchema(props) : ANY;
  const fields: Record<string, Field> = {
    ...own.fields,
    apiVersion: { schema: STRING },
    kind: { schema: STRING },
    metadata: { schema: schemaOf(OBJECT_META) ?? ANY, zero: 'object' },
  };
  return { type: 'object', fields, ...((own.preserveUnknownFields || !props) && { preserveUnknownFields: true }) };
}

/** A structural schema as all verbs read it. */
export function toSchema(props: JSONSchemaProps): Schema {
  if (props['x-kubernetes-int-or-string']) return { type: 'intOrString' };
  const preserves = props['x-kubernetes-preserve-unknown-fields'] === true;
  const mapType = props['x-kubernetes-map-type'] === 'atomic' ? ({ mapType: 'atomic' } as const) : {};
  switch (props.type) {
    case 'array': {
      const listType = props['x-kubernetes-list-type'];
      const keys = props['x-kubernetes-list-map-keys'];
      return {
        type: 'list',
        items: isPlain(props.items) ? toSchema(props.items as JSONSchemaProps) : ANY,
        ...((listType === 'set' || listType === 'map' || listType === 'atomic') && { listType }),
        ...(keys && { listMapKeys: keys }),
      };
    }
    case 'string':
      return { type: 'string', ...(props.format !== undefined && { format: props.format }) };
    case 'integer':
    case 'number':
    case 'boolean':
      return { type: props.type, ...(props.format !== undefined && { format: props.format }) };
    case 'object':
      break;
    default:
      return { ...ANY, ...mapType };
  }
  const additional = props.additionalProperties;
  if (!props.properties && additional !== undefined && additional !== false) {
    return { type: 'map', items: isPlain(additional) ? toSchema(additional as JSONSchemaProps) : ANY, ...mapType };
  }
  const fields: Record<string, Field> = {};
  for (const [name, below] of Object.entries(props.properties ?? {})) {
    fields[name] = { schema: toSchema(below), ...(below.default !== undefined && { default: below.default }) };
  }
  if (props['x-kubernetes-embedded-resource']) {
    fields.apiVersion ??= { schema: STRING };
    fields.kind ??= { schema: STRING };
    fields.metadata ??= { schema: ANY };
  }
  return { type: 'object', fields, ...mapType, ...(preserves && { preserveUnknownFields: true }) };
}

/** Nulls where the schema allows none and has a default: they count as not given. Shares what does not change. */
export function withoutDefaultedNulls(value: unknown, props: JSONSchemaProps | undefined): unknown {
  if (!props) return value;
  if (Array.isArray(value)) {
    if (!isPlain(props.items)) return value;
    const made = value.map((item) => withoutDefaultedNulls(item, props.items as JSONSchemaProps));
    return made.some((item, at) => item !== value[at]) ? made : value;
  }
  if (!isPlain(value)) return value;
  const additional = isPlain(props.additionalProperties) ? (props.additionalProperties as JSONSchemaProps) : undefined;
  let made: Record<string, unknown> | undefined;
  for (const [key, one] of Object.entries(value)) {
    const below = props.properties?.[key] ?? additional;
    if (!below) continue;
    const drops = one === null && !below.nullable && below.default !== undefined;
    const kept = drops ? undefined : withoutDefaultedNulls(one, below);
    if (kept === one) continue;
    made ??= { ...value };
    if (kept === undefined) delete made[key];
    else made[key] = kept;
  }
  return made ?? value;
}
