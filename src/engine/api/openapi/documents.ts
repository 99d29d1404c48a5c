import type { ApiContext } from '../context.ts';
import type { ServedVersion } from '../discovery/documents.ts';
import { customSchemas } from './custom.ts';
import { type Descriptions, loadDescriptions } from './descriptions.ts';
import { COMMON_TYPES, resourcePaths, typesOfResource } from './paths.ts';
import { addSchemas, type Dialect, type Json } from './schemas.ts';

type Context = Pick<ApiContext, 'catalogue' | 'resources' | 'version'>;

const SECURITY = {
  BearerToken: { description: 'Bearer Token authentication', in: 'header', name: 'authorization', type: 'apiKey' },
};
const LIST_TYPES = ['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'];

/** The OpenAPI 3.0 document of one group and version. */
export async function groupVersionDocument(context: Context, served: ServedVersion): Promise<Json> {
  const { paths, schemas } = parts(context, [served], 3, await loadDescriptions());
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: context.version.gitVersion },
    paths,
    components: { schemas: Object.fromEntries(schemas), securitySchemes: SECURITY },
  };
}

/** The OpenAPI 2.0 document of everything that is served. */
export async function wholeDocument(context: Context, versions: readonly ServedVersion[]): Promise<Json> {
  const { paths, schemas } = parts(context, versions, 2, await loadDescriptions());
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: context.version.gitVersion },
    paths,
    definitions: Object.fromEntries(schemas),
    securityDefinitions: SECURITY,
    security: [{ BearerToken: [] }],
  };
}

function parts(
  context: Context,
  versions: readonly ServedVersion[],
  dialect: Dialect,
  descriptions: Descriptions,
): { paths: Json; schemas: [string, Json][] } {
  const paths: Json = {};
  const schemas = new Map<string, Json>();
  const types = new Set(COMMON_TYPES);
  for (const { resources } of versions) {
    for (const info of resources) {
      Object.assign(paths, resourcePaths(info, dialect));
      if (info.custom) {
        for (const [name, schema] of customSchemas(context, info, dialect, descriptions)) schemas.set(name, schema);
        for (const name of LIST_TYPES) types.add(name);
      }
      for (const name of typesOfResource(info)) types.add(name);
    }
  }
  addSchemas(schemas, types, dialect, descriptions);
  return { paths, schemas: [...schemas].sort(([a], [b]) => (a < b ? -1 : 1)) };
}
