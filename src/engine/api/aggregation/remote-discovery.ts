/** An entry of an APIResourceList. */
export interface RemoteResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** A group of another server in the form of aggregated discovery, made of its plain lists. */
export function groupDiscovery(
  group: string,
  versions: readonly { version: string; resources: readonly RemoteResource[] | undefined }[],
): object {
  return {
    metadata: { name: group, creationTimestamp: null },
    versions: versions.map(({ version, resources }) => ({
      version,
      freshness: resources ? 'Current' : 'Stale',
      resources: (resources ?? [])
        .filter(({ name }) => !name.includes('/'))
        .map((resource) => ({
          resource: resource.name,
          responseKind: kindOf(resource, group, version),
          scope: resource.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: resource.singularName ?? '',
          verbs: resource.verbs,
          ...(resource.shortNames && { shortNames: resource.shortNames }),
          ...(resource.categories && { categories: resource.categories }),
          ...subresourcesOf(resource, resources ?? [], group, version),
        })),
    })),
  };
}

const kindOf = (resource: RemoteResource, group: string, version: string) => ({
  group: resource.group || group,
  version: resource.version || version,
  kind: resource.kind,
});

function subresourcesOf(
  parent: RemoteResource,
  all: readonly RemoteResource[],
  group: string,
  version: string,
): object {
  const own = all.filter(({ name }) => name.startsWith(`${parent.name}/`));
  if (own.length === 0) return {};
  return {
    subresources: own.map((sub) => ({
      subresource: sub.name.slice(parent.name.length + 1),
      responseKind: kindOf(sub, group, version),
      verbs: sub.verbs,
    })),
  };
}
