import type { DeploymentSpec, IngressSpec, ServiceSpec } from '../../engine/kinds/index.ts';
import { type Manifest, TRACK_LABEL } from '../manifests/index.ts';
import { nameOf } from './kinds-of.ts';

export type Track = 'stable' | 'next';

/** Annotations of a second Ingress that takes a share of the first one's requests. */
const CANARY = 'nginx.ingress.kubernetes.io/canary';
const CANARY_WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';
/** Controllers that know them. */
const SHARING_CONTROLLERS = new Set(['k8s.io/ingress-nginx', 'wherry.dev/ingress']);

export const nextName = (front: string): string => `${front}-next`;

export function sharesRequests(controller: string | undefined): boolean {
  return controller !== undefined && SHARING_CONTROLLERS.has(controller);
}

/**
 * The objects with the stable track named where it decides: in the front Deployment's pods and selector and in its
 * Service's selector. Objects that name it already come back as they are.
 */
export function withTrack(objects: readonly Manifest[], front: string | undefined): Manifest[] {
  return objects.map((object) => {
    if (front === undefined || object.metadata.name !== front) return object;
    if (object.kind === 'Deployment') return deploymentOf(object, 'stable', undefined);
    if (object.kind === 'Service') return serviceTo(object, 'stable');
    return object;
  });
}

/** The new version beside the one that serves: the same pods under another name and track. */
export function nextDeployment(stable: Manifest, replicas: number): Manifest {
  return renamed(deploymentOf(stable, 'next', replicas), nextName(stable.metadata.name));
}

/** A Service that leads to the new version only, for smoke tests and for the second Ingress. */
export function nextService(service: Manifest): Manifest {
  const next = renamed(serviceTo(service, 'next'), nextName(service.metadata.name));
  const spec = next.spec as ServiceSpec;
  // Addresses and ports of nodes belong to the first; the second is reached from within.
  const ports = spec.ports?.map(({ nodePort: _, ...port }) => port);
  const { selector } = spec;
  return { ...next, spec: { ...(selector ? { selector } : {}), ...(ports ? { ports } : {}) } };
}

/** The Service leading to one track, or to both. */
export function serviceTo(service: Manifest, track: Track | 'both'): Manifest {
  const spec = service.spec as ServiceSpec;
  const { [TRACK_LABEL]: _, ...rest } = spec.selector ?? {};
  return { ...service, spec: { ...spec, selector: track === 'both' ? rest : { ...rest, [TRACK_LABEL]: track } } };
}

/** The Ingress that leads a share of what comes in to the new version's Service. */
export function canaryIngress(ingress: Manifest, front: string, weightPercent: number): Manifest {
  const spec = ingress.spec as IngressSpec;
  const { tls: _tls, defaultBackend, rules, ...rest } = spec;
  const leadOn = <T extends { service?: { name: string } }>(backend: T): T =>
    backend.service?.name === front ? { ...backend, service: { ...backend.service, name: nextName(front) } } : backend;
  const ours = (rules ?? []).flatMap((rule) => {
    const paths = (rule.http?.paths ?? []).filter(({ backend }) => backend.service?.name === front);
    if (paths.length === 0) return [];
    return [{ ...rule, http: { paths: paths.map((path) => ({ ...path, backend: leadOn(path.backend) })) } }];
  });
  const next = renamed(ingress, nextName(front));
  return {
    ...next,
    metadata: {
      ...next.metadata,
      annotations: {
        ...ingress.metadata.annotations,
        [CANARY]: 'true',
        [CANARY_WEIGHT]: String(weightPercent),
      },
    },
    spec: {
      ...rest,
      ...(defaultBackend?.service?.name === front ? { defaultBackend: leadOn(defaultBackend) } : {}),
      rules: ours,
    },
  };
}

/** Replicas that the Deployment is written with; 1 when nothing says otherwise, as the API takes it. */
export function replicasOf(deployment: Manifest | undefined): number {
  return (deployment?.spec as DeploymentSpec | undefined)?.replicas ?? 1;
}

export function findObject(objects: readonly Manifest[], name: string): Manifest | undefined {
  return objects.find((object) => nameOf(object) === name);
}

function deploymentOf(deployment: Manifest, track: Track, replicas: number | undefined): Manifest {
  const spec = deployment.spec as DeploymentSpec;
  const { template } = spec;
  const label = { [TRACK_LABEL]: track };
  return {
    ...deployment,
    spec: {
      ...spec,
      ...(replicas === undefined ? {} : { replicas }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, ...label } },
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...label } },
      },
    },
  };
}

function renamed(object: Manifest, name: string): Manifest {
  return { ...object, metadata: { ...object.metadata, name } };
}
