import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  ResourceInfo,
  SubresourceInfo,
} from '../../kinds/index.ts';
import type { Context } from '../context.ts';
import { customBehaviour } from './behaviour.ts';
import { objectSchema } from './schema.ts';
import { rememberVersion } from './versions.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** Serves the versions of a definition; what was served of it before and is not now, goes. */
export function register(
  context: Context,
  definition: CustomResourceDefinition,
  before?: CustomResourceDefinition,
): void {
  const { spec } = definition;
  const infos = spec.versions.map((version) => infoOf(definition, version));
  const served = new Set<string>();
  for (const [at, info] of infos.entries()) {
    const version = spec.versions[at];
    if (version?.storage) context.customStorage.set(`${info.group}/${info.resource}`, info);
    if (!version?.served) continue;
    served.add(info.version);
    context.catalogue.add(info);
  }
  for (const old of before?.spec.versions ?? []) {
    if (!served.has(old.name)) context.catalogue.remove(spec.group, old.name, spec.names.plural);
  }
}

export function unregister(context: Context, { spec }: CustomResourceDefinition): void {
  for (const version of spec.versions) context.catalogue.remove(spec.group, version.name, spec.names.plural);
  context.customStorage.delete(`${spec.group}/${spec.names.plural}`);
}

function infoOf(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceInfo {
  const { spec, metadata } = definition;
  const names = definition.status.acceptedNames?.kind ? definition.status.acceptedNames : spec.names;
  const stored = spec.versions.find((one) => one.storage)?.name ?? version.name;
  let schema: ResourceInfo['schema'] | undefined;
  const info: ResourceInfo = {
    group: spec.group,
    version: version.name,
    resource: names.plural,
    kind: names.kind,
    namespaced: spec.scope === 'Namespaced',
    singular: names.singular ?? '',
    // Nothing new once the definition goes.
    verbs: metadata.deletionTimestamp ? VERBS.filter((verb) => verb !== 'create') : VERBS,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    subresources: subresourcesOf(spec.group, names.kind, version),
    get schema() {
      schema ??= objectSchema(version.schema?.openAPIV3Schema);
      return schema;
    },
    onByDefault: true,
    storageVersion: stored,
    behaviour: customBehaviour(version),
    custom: true,
    ...(version.additionalPrinterColumns && { printerColumns: version.additionalPrinterColumns }),
  };
  rememberVersion(info, { schema: version.schema?.openAPIV3Schema, scale: version.subresources?.scale });
  return info;
}

function subresourcesOf(
  group: string,
  kind: string,
  version: CustomResourceDefinitionVersion,
): ReadonlyMap<string, SubresourceInfo> {
  const verbs = ['get', 'patch', 'update'];
  const made = new Map<string, SubresourceInfo>();
  if (version.subresources?.status) made.set('status', { name: 'status', group, version: version.name, kind, verbs });
  if (version.subresources?.scale) {
    made.set('scale', { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs });
  }
  return made;
}
