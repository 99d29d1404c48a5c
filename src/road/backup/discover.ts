import type { HttpClient } from '../../engine/client/index.ts';
import { type Kind, type KubeObject, StatusError } from '../../engine/kinds/index.ts';

/** Made by the cluster itself, or true for a moment only. */
const LEFT_OUT = new Set([
  'events',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'controllerrevisions.apps',
  'replicasets.apps',
  'podtemplates',
  'bindings',
  'csistoragecapacities.storage.k8s.io',
  'pods.metrics.k8s.io',
]);

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

interface GroupList {
  readonly groups?: readonly { readonly preferredVersion?: { readonly groupVersion?: string } }[];
}

/** Every namespaced kind that the cluster serves and that can be listed and made again, custom ones too. */
export async function savedKinds(client: HttpClient): Promise<Kind<KubeObject>[]> {
  const { groups } = await read<GroupList>(client, '/apis');
  const versions = ['v1', ...(groups ?? []).flatMap(({ preferredVersion }) => preferredVersion?.groupVersion ?? [])];
  const found: Kind<KubeObject>[] = [];
  for (const groupVersion of versions) {
    const [group, version] = groupVersion.includes('/') ? groupVersion.split('/', 2) : ['', groupVersion];
    const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
    for (const { name, kind, namespaced, verbs } of (await readIfServed(client, path)).resources ?? []) {
      const isSaved = namespaced && verbs.includes('list') && verbs.includes('create') && !name.includes('/');
      if (!isSaved || LEFT_OUT.has(group ? `${name}.${group}` : name)) continue;
      found.push({ group: group ?? '', version: version ?? '', resource: name, kind, namespaced: true });
    }
  }
  return found;
}

/** An aggregated API whose server is away has nothing to be saved. */
async function readIfServed(client: HttpClient, path: string): Promise<ResourceList> {
  try {
    return await read<ResourceList>(client, path);
  } catch (error) {
    if (error instanceof StatusError && (error.code === 503 || error.code === 404)) return {};
    throw error;
  }
}

async function read<T>(client: HttpClient, path: string): Promise<T> {
  return JSON.parse(await (await client.request('GET', path)).text()) as T;
}
