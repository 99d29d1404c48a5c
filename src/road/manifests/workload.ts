import type {
  DaemonSetSpec,
  DeploymentSpec,
  PersistentVolumeClaim,
  PodSpec,
  StatefulSetSpec,
} from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import type { Manifest, PodCarrier } from './contract.ts';
import { type Draft, lonelyVolume, replicasOf } from './draft.ts';
import {
  CONFIGURATION_ANNOTATION,
  labelsOf,
  manifest,
  SOURCE_ANNOTATION,
  selectorOf,
  servingSelectorOf,
  trackOf,
} from './names.ts';
import { headlessName } from './services.ts';

/** What keeps a part running. */
export function workloadOf(draft: Draft, part: Part, pod: PodSpec): Manifest {
  if (part.kind === 'statefulset') return statefulSet(draft, part, pod);
  return part.kind === 'daemonset' ? daemonSet(draft, part, pod) : deployment(draft, part, pod);
}

/** Rolls without a gap, unless its data allows one pod only. */
function deployment(draft: Draft, part: Part, pod: PodSpec): Manifest {
  const lonely = part.single || lonelyVolume(draft, part) !== undefined;
  const spec: PodCarrier<DeploymentSpec> = {
    replicas: replicasOf(draft, part),
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 300,
    selector: { matchLabels: servingSelectorOf(draft.application, part) },
    strategy: lonely
      ? { type: 'Recreate' }
      : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: templateOf(draft, part, pod),
  };
  return object(draft, part, 'Deployment', spec);
}

function statefulSet(draft: Draft, part: Part, pod: PodSpec): Manifest {
  const claims = part.mounts.flatMap(({ from }) => (from.is === 'own' ? [from] : []));
  const spec: Omit<PodCarrier<StatefulSetSpec>, 'volumeClaimTemplates'> & { volumeClaimTemplates?: unknown[] } = {
    serviceName: headlessName(part),
    replicas: replicasOf(draft, part),
    selector: { matchLabels: servingSelectorOf(draft.application, part) },
    template: templateOf(draft, part, pod),
    ...(claims.length > 0
      ? {
          volumeClaimTemplates: claims.map(({ name, size }) => ({
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name, labels: selectorOf(draft.application, part) },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
          })) satisfies (Omit<PersistentVolumeClaim, 'metadata' | 'status'> & { metadata: object })[],
        }
      : {}),
  };
  return object(draft, part, 'StatefulSet', spec);
}

function daemonSet(draft: Draft, part: Part, pod: PodSpec): Manifest {
  const spec: PodCarrier<DaemonSetSpec> = {
    selector: { matchLabels: servingSelectorOf(draft.application, part) },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
    template: templateOf(draft, part, pod),
  };
  return object(draft, part, 'DaemonSet', spec);
}

function templateOf(draft: Draft, part: Part, spec: PodSpec) {
  const { application, secrets } = draft;
  const hash = secrets.hashOf(part);
  const annotations = { ...(hash === undefined ? {} : { [CONFIGURATION_ANNOTATION]: hash }), ...part.annotations };
  return {
    metadata: {
      labels: { ...part.labels, ...labelsOf(application, part.role, part), ...trackOf(application, part) },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec,
  };
}

function object({ application, options }: Draft, part: Part, kind: string, spec: unknown): Manifest {
  const isSource = part.name === application.front && options.sourceHash !== undefined;
  const metadata = {
    name: part.name,
    namespace: options.namespace,
    labels: { ...part.labels, ...labelsOf(application, part.role, part) },
    ...(isSource ? { annotations: { [SOURCE_ANNOTATION]: options.sourceHash ?? '' } } : {}),
  };
  return manifest('apps/v1', kind, metadata, { spec });
}
