import type { KubeObject } from '../../engine/kinds/index.ts';
import { REPLICAS_ANNOTATION } from './at-rest.ts';
import type { SavedObject } from './contract.ts';

type Plain = Record<string, unknown>;

const ANNOTATIONS_OF_OTHERS =
  /^(?:kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/|pv\.kubernetes\.io\/|volume\.(?:beta\.)?kubernetes\.io\/|batch\.kubernetes\.io\/|endpoints\.kubernetes\.io\/|wherry\/(?:restored|backup)-)/;
const LABELS_OF_JOBS = /^(?:batch\.kubernetes\.io\/)?(?:controller-uid|job-name)$/;

/** Whether an object is somebody's own and not made by another or by the cluster. */
export function isOwn(object: KubeObject): boolean {
  const { kind, metadata } = object;
  if (metadata.ownerReferences?.some(({ controller }) => controller)) return false;
  if (metadata.deletionTimestamp) return false;
  if (metadata.labels?.['wherry/helper']) return false;
  if (kind === 'ConfigMap') return metadata.name !== 'kube-root-ca.crt';
  if (kind === 'ServiceAccount') return metadata.name !== 'default';
  return !(kind === 'Secret' && (object as unknown as Plain).type === 'kubernetes.io/service-account-token');
}

/** The object as somebody would have written it: nothing that a server fills in, nothing of this one cluster. */
export function cleaned(object: KubeObject): SavedObject {
  const { status: _, ...copy } = structuredClone(object) as unknown as Plain;
  const { name, labels, annotations, finalizers } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !ANNOTATIONS_OF_OTHERS.test(key));
  const spec = isPlain(copy.spec) ? copy.spec : undefined;
  // A run that was cut off left it resting.
  const resting = annotations?.[REPLICAS_ANNOTATION];
  if (spec && resting !== undefined) spec.replicas = Number(resting);
  if (spec) CLEANERS[object.kind]?.(spec, object);
  // Finalizers of the cluster's own are put there again; those of operators belong to the object.
  const own = (finalizers ?? []).filter((finalizer) => !finalizer.startsWith('kubernetes.io/'));
  return {
    ...copy,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name: name ?? '',
      ...(labels ? { labels: withoutJobLabels(labels) } : {}),
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
      ...(own.length > 0 ? { finalizers: own } : {}),
    },
  };
}

const CLEANERS: Readonly<Record<string, (spec: Plain, object: KubeObject) => void>> = {
  Service(spec) {
    if (spec.clusterIP !== 'None') {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    delete spec.healthCheckNodePort;
    for (const port of Array.isArray(spec.ports) ? (spec.ports as Plain[]) : []) delete port.nodePort;
  },
  PersistentVolumeClaim(spec) {
    delete spec.volumeName;
  },
  Pod(spec) {
    delete spec.nodeName;
    const isToken = (name: unknown): boolean => typeof name === 'string' && name.startsWith('kube-api-access-');
    const without = (list: unknown, isOut: (item: Plain) => boolean): unknown =>
      Array.isArray(list) ? (list as Plain[]).filter((item) => !isOut(item)) : list;
    spec.volumes = without(spec.volumes, ({ name }) => isToken(name));
    for (const field of ['containers', 'initContainers'])
      for (const container of Array.isArray(spec[field]) ? (spec[field] as Plain[]) : [])
        container.volumeMounts = without(container.volumeMounts, ({ name }) => isToken(name));
  },
  Job(spec, object) {
    if (spec.manualSelector !== true) delete spec.selector;
    const template = isPlain(spec.template) ? spec.template : {};
    if (isPlain(template.metadata) && isPlain(template.metadata.labels))
      template.metadata.labels = withoutJobLabels(template.metadata.labels as Record<string, string>);
    // What has run is not run again on data that it made already.
    if (isFinished(object)) spec.suspend = true;
  },
};

/** A Job that ran to its end, well or not. */
function isFinished(object: KubeObject): boolean {
  return has(object, 'Complete') || has(object, 'Failed');
}

export function isCompletedJob(object: KubeObject): boolean {
  return object.kind === 'Job' && has(object, 'Complete');
}

function has(object: KubeObject, condition: string): boolean {
  const { conditions } = ((object as unknown as Plain).status ?? {}) as { conditions?: Plain[] };
  return (conditions ?? []).some(({ type, status }) => type === condition && status === 'True');
}

function withoutJobLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !LABELS_OF_JOBS.test(key)));
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What others need comes first; what is not named here stands between Services and workloads. */
const ORDER = [
  'ServiceAccount',
  'ResourceQuota',
  'LimitRange',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'Role',
  'RoleBinding',
  'NetworkPolicy',
  'Service',
  '',
  'StatefulSet',
  'Deployment',
  'DaemonSet',
  'ReplicationController',
  'Pod',
  'Job',
  'CronJob',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'Ingress',
];

/** In an order that can be applied. */
export function inOrder(objects: readonly SavedObject[]): SavedObject[] {
  const rank = ({ kind }: SavedObject): number => {
    const at = ORDER.indexOf(kind);
    return at < 0 ? ORDER.indexOf('') : at;
  };
  return [...objects].sort((a, b) => rank(a) - rank(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}
