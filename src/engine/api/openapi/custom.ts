import type { CustomResourceDefinition, ResourceInfo } from '../../kinds/index.ts';
import { kinds } from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import { typeOf } from './paths.ts';
import { type Dialect, type Json, REFERENCE } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
/** Keywords that OpenAPI 2.0 does not know. */
const NEW_KEYWORDS = ['oneOf', 'anyOf', 'not', 'nullable'];

/** The schemas of a custom resource and its list, from the schema that its definition carries. */
export function customSchemas(
  { resources, catalogue }: Pick<ApiContext, 'resources' | 'catalogue'>,
  info: ResourceInfo,
  dialect: Dialect,
): [name: string, schema: Json][] {
  const { group, version, resource } = kinds.customresourcedefinitions;
  const definitions = catalogue.find(group, version, resource);
  const reference = (name: string) => ({ $ref: `${REFERENCE[dialect]}${META}${name}` });
  let own: Json | undefined;
  if (definitions) {
    const name = `${info.resource}.${info.group}`;
    const { items } = resources.list({ info: definitions }, { fieldSelector: `metadata.name=${name}` });
    const definition = items[0]?.object as CustomResourceDefinition | undefined;
    const found = definition?.spec.versions.find((one) => one.name === info.version);
    own = found?.schema?.openAPIV3Schema as Json | undefined;
  }
  const about = own && !own['x-kubernetes-preserve-unknown-fields'] ? plain(own, dialect) : { type: 'object' };
  const schema: Json = {
    ...about,
    'x-kubernetes-group-version-kind': [{ group: info.group, kind: info.kind, version: info.version }],
  };
  if (about.properties || own) {
    schema.properties = {
      ...(about.properties as Json | undefined),
      apiVersion: {
        description: 'APIVersion defines the versioned schema of this representation of an object.',
        type: 'string',
      },
      kind: {
        description: 'Kind is a string value representing the REST resource this object represents.',
        type: 'string',
      },
      metadata: dialect === 3 ? { allOf: [reference('ObjectMeta')] } : reference('ObjectMeta'),
    };
  }
  const list: Json = {
    description: `${info.kind}List is a list of ${info.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      items: {
        description: `List of ${info.resource}.`,
        type: 'array',
        items: { $ref: `${REFERENCE[dialect]}${typeOf(info)}` },
      },
      metadata: reference('ListMeta'),
    },
    'x-kubernetes-group-version-kind': [{ group: info.group, kind: `${info.kind}List`, version: info.version }],
  };
  return [
    [typeOf(info), schema],
    [typeOf(info, true), list],
  ];
}

function plain(schema: Json, dialect: Dialect): Json {
  if (dialect === 3) return { ...schema };
  const copied: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (NEW_KEYWORDS.includes(key)) continue;
    copied[key] = key === 'properties' ? mapped(value as Json) : isSchema(key, value) ? plain(value, dialect) : value;
  }
  if (schema['x-kubernetes-int-or-string'] === true) copied.type = undefined;
  return copied;

  function mapped(properties: Json): Json {
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plain(value as Json, dialect)]));
  }
}

const isSchema = (key: string, value: unknown): value is Json =>
  (key === 'items' || key === 'additionalProperties') && typeof value === 'object' && value !== null;
