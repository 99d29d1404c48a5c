import { createHash } from 'node:crypto';
import type { Catalogue, ResourceInfo } from '../../kinds/index.ts';

/** One version of a group with what it serves. */
export interface ServedVersion {
  readonly version: string;
  readonly resources: readonly ResourceInfo[];
}
export interface ServedGroup {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly ServedVersion[];
}

/** What is served, by group and version in the catalogue's order, core first. */
export function servedGroups(catalogue: Catalogue): ServedGroup[] {
  const groups = new Map<string, Map<string, ResourceInfo[]>>();
  for (const info of catalogue.all()) {
    let versions = groups.get(info.group);
    if (!versions) {
      versions = new Map();
      groups.set(info.group, versions);
    }
    const list = versions.get(info.version);
    if (list) list.push(info);
    else versions.set(info.version, [info]);
  }
  const served = [...groups].map(([group, versions]) => ({
    group,
    versions: [...versions].map(([version, resources]) => ({
      version,
      resources: resources.sort((a, b) => (a.resource < b.resource ? -1 : 1)),
    })),
  }));
  return served.sort((a, b) => Number(a.group !== '') - Number(b.group !== ''));
}

/** Upstream's StorageVersionHash: the start of a SHA-256 of group, version and kind. */
function storageVersionHash({ group, storageVersion, kind }: ResourceInfo): string {
  return createHash('sha256').update(`${group}/${storageVersion}/${kind}`).digest().subarray(0, 8).toString('base64');
}

const groupVersion = (group: string, version: string) => (group ? `${group}/${version}` : version);
/** What keeps nothing has no storage version. */
const isStored = (info: ResourceInfo) => info.verbs.includes('get') && info.verbs.includes('create');

/** `/api/v1` and `/apis/GROUP/VERSION`. */
export function resourceList(group: string, { version, resources }: ServedVersion): object {
  const entries: object[] = [];
  for (const info of resources) {
    entries.push({
      name: info.resource,
      singularName: info.singular,
      namespaced: info.namespaced,
      kind: info.kind,
      verbs: info.verbs,
      ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
      ...(info.categories.length > 0 && { categories: info.categories }),
      ...(isStored(info) && { storageVersionHash: storageVersionHash(info) }),
    });
    for (const sub of [...info.subresources.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const other = sub.version && groupVersion(sub.group, sub.version) !== groupVersion(group, version);
      entries.push({
        name: `${info.resource}/${sub.name}`,
        singularName: '',
        namespaced: info.namespaced,
        ...(other && { group: sub.group, version: sub.version }),
        kind: sub.kind,
        verbs: sub.verbs,
      });
    }
  }
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: entries,
  };
}

function groupObject({ group, versions }: ServedGroup): object {
  const list = versions.map(({ version }) => ({ groupVersion: groupVersion(group, version), version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

/** `/apis/GROUP`. */
export function apiGroup(served: ServedGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupObject(served) };
}

/** `/apis`. */
export function apiGroupList(groups: readonly ServedGroup[]): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.filter(({ group }) => group !== '').map(groupObject),
  };
}

/** `/api`. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/api` and `/apis` aggregated: everything of discovery in one answer (KEP-3352). `version`: v2 or v2beta1. */
export function aggregated(
  groups: readonly ServedGroup[],
  core: boolean,
  version: string,
  extended: readonly object[] = [],
): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...groups.filter(({ group }) => (group === '') === core).map(groupDiscovery), ...extended],
  };
}

function groupDiscovery({ group, versions }: ServedGroup): object {
  return {
    metadata: group ? { name: group, creationTimestamp: null } : { creationTimestamp: null },
    versions: versions.map(({ version, resources }) => ({
      version,
      freshness: 'Current',
      resources: resources.map((info) => ({
        resource: info.resource,
        responseKind: { group, version, kind: info.kind },
        scope: info.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: info.singular,
        verbs: info.verbs,
        ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
        ...(info.categories.length > 0 && { categories: info.categories }),
        ...(info.subresources.size > 0 && {
          subresources: [...info.subresources.values()].map((sub) => ({
            subresource: sub.name,
            responseKind: { group: sub.version ? sub.group : group, version: sub.version || version, kind: sub.kind },
            verbs: sub.verbs,
          })),
        }),
      })),
    })),
  };
}
