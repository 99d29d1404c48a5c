import { type CustomResourceDefinition, kinds, type ResourceInfo } from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import type { Descriptions } from './descriptions.ts';
import { customTypeName, typeOf } from './paths.ts';
import { type Dialect, type Json, REFERENCE } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
/** Whose fields say what those of every object mean. */
const MODEL = 'io.k8s.api.core.v1.ConfigMap';
const MODEL_LIST = 'io.k8s.api.core.v1.ConfigMapList';
/** What OpenAPI 2.0 has no words for. */
const JUNCTIONS = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'nullable']);
const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const EMBEDDED = 'x-kubernetes-embedded-resource';

/**
 * The schemas of a custom resource and its list, from the schema that its definition carries, as upstream publishes
 * them (apiextensions-apiserver/pkg/controller/openapi/builder).
 */
export function customSchemas(
  { resources, catalogue }: Pick<ApiContext, 'resources' | 'catalogue'>,
  info: ResourceInfo,
  dialect: Dialect,
  descriptions: Descriptions,
): [name: string, schema: Json][] {
  const { group, version, resource } = kinds.customresourcedefinitions;
  const definitions = catalogue.find(group, version, resource);
  const found = definitions
    ? resources.list({ info: definitions }, { fieldSelector: `metadata.name=${info.resource}.${info.group}` }).items[0]
    : undefined;
  const definition = found?.object as CustomResourceDefinition | undefined;
  const served = definition?.spec.versions.find((one) => one.name === info.version);
  const given = served?.schema?.openAPIV3Schema as Json | undefined;
  const listKind = definition?.spec.names.listKind ?? `${info.kind}List`;
  const kindOf = (kind: string) => [{ group: info.group, kind, version: info.version }];

  // Without a schema nothing is said of the fields, or kubectl would take every other for unknown.
  const open =
    !given || (dialect === 2 && (given[PRESERVE] === true || definition?.spec.preserveUnknownFields === true));
  const own: Json = open ? { type: 'object' } : published(given, dialect, descriptions);
  if (!open) addObjectFields(own, dialect, descriptions);
  own['x-kubernetes-group-version-kind'] = kindOf(info.kind);

  const described = (field: string) => ({ description: descriptions.ofField(MODEL_LIST, field) ?? '' });
  const list: Json = {
    description: `${listKind} is a list of ${info.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { ...described('apiVersion'), type: 'string' },
      items: {
        description: `List of ${info.resource}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: 'array',
        items: { $ref: `${REFERENCE[dialect]}${typeOf(info)}` },
      },
      kind: { ...described('kind'), type: 'string' },
      metadata: metadata('ListMeta', dialect, 'Standard list metadata.'),
    },
    'x-kubernetes-group-version-kind': kindOf(listKind),
  };
  return [
    [typeOf(info), own],
    [customTypeName({ ...info, kind: `${info.kind}List` }), list],
  ];
}

function metadata(type: 'ObjectMeta' | 'ListMeta', dialect: Dialect, description: string): Json {
  const reference = { $ref: `${REFERENCE[dialect]}${META}${type}` };
  return dialect === 3 ? { description, allOf: [reference] } : { description, ...reference };
}

function addObjectFields(schema: Json, dialect: Dialect, descriptions: Descriptions): void {
  schema.properties = {
    ...(schema.properties as Json | undefined),
    apiVersion: { description: descriptions.ofField(MODEL, 'apiVersion') ?? '', type: 'string' },
    kind: { description: descriptions.ofField(MODEL, 'kind') ?? '', type: 'string' },
    metadata: metadata('ObjectMeta', dialect, "Standard object's metadata."),
  };
}

/** A schema as the dialect can carry it, so that kubectl validates neither too much nor too little by it. */
function published(schema: Json, dialect: Dialect, descriptions: Descriptions): Json {
  const made: Json = {};
  const loose = dialect === 2 && (schema[PRESERVE] === true || schema.nullable === true);
  for (const [key, value] of Object.entries(schema)) {
    if (dialect === 2 && JUNCTIONS.has(key)) continue;
    if (loose && (key === 'items' || key === 'properties')) continue;
    if (key === 'properties') {
      const properties = Object.entries(value as Json);
      made.properties = Object.fromEntries(
        properties.map(([name, inner]) => [name, published(inner as Json, dialect, descriptions)]),
      );
    } else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object' && value !== null) {
      made[key] = published(value as Json, dialect, descriptions);
    } else made[key] = value;
  }
  if (dialect === 2) loosen(made, schema);
  const embedded = schema[EMBEDDED] === true && !(dialect === 2 && schema[PRESERVE] === true);
  if (embedded) addObjectFields(made, dialect, descriptions);
  return made;
}

/** What kubectl's validation by 2.0 cannot cope with is left untyped. */
function loosen(made: Json, schema: Json): void {
  if (schema.nullable === true) delete made.type;
  if (schema[PRESERVE] === true && made.type === 'object') delete made.type;
  if (made.type === 'array' && made.items === undefined) delete made.type;
  const properties = made.properties === undefined ? {} : (schema.properties as Record<string, Json>);
  const required = (made.required as string[] | undefined)?.filter((name) => properties[name]?.nullable !== true);
  if (required?.length === 0) delete made.required;
  else if (required) made.required = required;
}
