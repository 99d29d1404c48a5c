import type { KubeObject } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { APPLIED_ANNOTATION, appliedHash, covers } from './apply.ts';

/** What a server or a controller writes and nobody applies. */
const SERVER_ANNOTATIONS = new Set([
  APPLIED_ANNOTATION,
  'deployment.kubernetes.io/revision',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/**
 * What must be applied to have an object again as it is now. Where it is exactly what the last release applied, that is
 * it, so that nothing the server filled in becomes ours; where somebody changed it since, the object itself counts.
 */
export function restorable(live: KubeObject, applied: Manifest | undefined): Manifest {
  const unchanged =
    applied && live.metadata.annotations?.[APPLIED_ANNOTATION] === appliedHash(applied) && covers(live, applied);
  return unchanged ? applied : asApplied(live);
}

/** A live object without what the server fills in. */
export function asApplied(live: KubeObject): Manifest {
  const { name = '', namespace, labels, annotations } = live.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !SERVER_ANNOTATIONS.has(key));
  const { status: _, apiVersion, kind, metadata: __, ...rest } = live as KubeObject & { status?: unknown };
  const spec = (rest as { spec?: Record<string, unknown> }).spec;
  return {
    ...rest,
    apiVersion: apiVersion ?? '',
    kind: kind ?? '',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
    },
    ...(kind === 'Service' && spec ? { spec: withoutAddresses(spec) } : {}),
  };
}

/** A Service made anew gets another address; asking for the old one could fail. */
function withoutAddresses(spec: Record<string, unknown>): Record<string, unknown> {
  const { clusterIP, clusterIPs: _, healthCheckNodePort: __, ...rest } = spec;
  return clusterIP === 'None' ? { ...rest, clusterIP } : rest;
}
