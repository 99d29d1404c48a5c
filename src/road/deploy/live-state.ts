import { type Ingress, type IngressClass, type KubeObject, kinds, StatusError } from '../../engine/kinds/index.ts';
import { COMPONENT_LABEL, INSTANCE_LABEL, type Manifest } from '../manifests/index.ts';
import type { Release } from '../releases/index.ts';
import { liveObject, marked } from './apply.ts';
import type { LiveState, ReleaseRequest, RoadClient } from './contract.ts';
import { findObject, nextName } from './front.ts';
import { nameOf } from './kinds-of.ts';

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';
const READS_AT_ONCE = 8;

/** What the cluster holds of the objects that a release may touch. `last` is the release that serves. */
export async function readLive(
  client: RoadClient,
  request: Pick<ReleaseRequest, 'app' | 'objects' | 'front' | 'namespace'>,
  last: Release | undefined,
): Promise<LiveState> {
  const asked = new Map<string, Manifest>();
  const known = [...(last?.objects ?? []), ...request.objects];
  for (const object of [...known, ...nextObjects(request, known)]) {
    asked.set(nameOf(object), object);
  }
  const objects = new Map<string, KubeObject>();
  const waiting = [...asked.entries()];
  const read = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      const live = await liveOrHidden(client, entry[1]);
      if (live) objects.set(entry[0], live);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, read));
  const ingress = request.objects.find(({ kind, metadata }) => kind === 'Ingress' && metadata.name === request.front);
  const labelSelector = `${INSTANCE_LABEL}=${request.app},app.kubernetes.io/managed-by=wherry`;
  const { namespace } = request;
  const configMaps = await client.list(kinds.configmaps, { namespace, labelSelector });
  const jobs = await client.list(kinds.jobs, {
    namespace,
    labelSelector: `${labelSelector},${COMPONENT_LABEL} in (migrate,hook)`,
  });
  const written = [
    ...configMaps.items.map(({ metadata }) => `configmap/${metadata.name}`),
    ...jobs.items.map(({ metadata }) => `job/${metadata.name}`),
  ];
  return { objects, last, written, ingressController: ingress && (await controllerOf(client, ingress)) };
}

/**
 * Who may deploy into a namespace may not be let see the namespace itself. Then it is there, since the app's lease lives
 * in it, and is not ours to change.
 */
async function liveOrHidden(client: RoadClient, object: Manifest): Promise<KubeObject | undefined> {
  try {
    return await liveObject(client, object);
  } catch (error) {
    const isHidden = object.kind === 'Namespace' && error instanceof StatusError && error.code === 403;
    if (isHidden) return marked(object) as unknown as KubeObject;
    throw error;
  }
}

/** What a release brings beside the stable objects, by name only. */
function nextObjects(
  { front, namespace }: Pick<ReleaseRequest, 'front' | 'namespace'>,
  known: readonly Manifest[],
): Manifest[] {
  if (front === undefined) return [];
  // Where there is no Ingress none stands beside it, and nobody need have the right to look.
  const hasIngress = findObject(known, `ingress/${front}`) !== undefined;
  const metadata = { name: nextName(front), namespace };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata },
    { apiVersion: 'v1', kind: 'Service', metadata },
    ...(hasIngress ? [{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata }] : []),
  ];
}

/** Who answers for an Ingress: the controller of its class, or of the cluster's default class. */
async function controllerOf(client: RoadClient, ingress: Manifest): Promise<string | undefined> {
  const wanted = (ingress as unknown as Ingress).spec?.ingressClassName;
  let classes: readonly IngressClass[];
  try {
    ({ items: classes } = await client.list<IngressClass>(kinds.ingressclasses));
  } catch {
    // Classes belong to the whole cluster; who may deploy to one namespace may not be let see them.
    return undefined;
  }
  const found = classes.find(({ metadata }) =>
    wanted === undefined ? metadata.annotations?.[DEFAULT_CLASS] === 'true' : metadata.name === wanted,
  );
  return found?.spec?.controller;
}
