import { COMPONENT_LABEL, type Manifest, STAGE_LABEL } from '../manifests/index.ts';
import type { JobStage } from './contract.ts';

const STAGES: readonly JobStage[] = ['seed', 'migrate', 'before', 'between', 'after'];
const DATA_ROLES = new Set(['database', 'cache', 'queue', 'storage']);

/** The objects of an app by when a release writes them; each list in the order of the objects. */
export interface SortedObjects {
  /** Values and rights: what pods need to start. */
  readonly configuration: readonly Manifest[];
  /** Servers that the app talks to, with their Services and claims. */
  readonly servers: readonly Manifest[];
  readonly jobs: readonly { readonly object: Manifest; readonly stage: JobStage }[];
  /** Deployments and the like that run the app, the front one included. */
  readonly workloads: readonly Manifest[];
  /** Ways in, budgets, scaling: what stands before the workloads. */
  readonly doors: readonly Manifest[];
}

const CONFIGURATION = new Set([
  'Namespace',
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'LimitRange',
  'ResourceQuota',
  'PriorityClass',
  'StorageClass',
]);
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'ReplicaSet', 'Pod']);

export function sortObjects(objects: readonly Manifest[], front?: string): SortedObjects {
  const served = objects.findIndex(({ kind, metadata }) => kind === 'Deployment' && metadata.name === front);
  const jobs = objects.flatMap((object, index) => {
    if (object.kind !== 'Job') return [];
    // What needs the part that serves comes after it in the objects' order.
    return [{ object, stage: stageOf(object) ?? (served >= 0 && index > served ? 'between' : 'before') }];
  });
  const rest = objects.filter(({ kind }) => kind !== 'Job');
  const is = (object: Manifest): Exclude<keyof SortedObjects, 'jobs'> => {
    if (CONFIGURATION.has(object.kind)) return 'configuration';
    if (isOfData(object) || (object.kind === 'StatefulSet' && !runsApp(object))) return 'servers';
    if (object.kind.startsWith('PersistentVolume') || isHeadless(object)) return 'servers';
    return WORKLOADS.has(object.kind) ? 'workloads' : 'doors';
  };
  const of = (wanted: ReturnType<typeof is>) => rest.filter((object) => is(object) === wanted);
  return {
    configuration: of('configuration'),
    servers: of('servers'),
    jobs,
    workloads: of('workloads'),
    doors: of('doors'),
  };
}

/** When a Job runs, as its label or its component says; undefined where only the objects' order does. */
export function stageOf(job: Manifest): JobStage | undefined {
  const said = job.metadata.labels?.[STAGE_LABEL];
  const component = job.metadata.labels?.[COMPONENT_LABEL];
  return STAGES.find((stage) => stage === said) ?? STAGES.find((stage) => stage === component);
}

/** Belongs to a server that keeps data, or is one. */
export function isOfData(object: Manifest): boolean {
  return DATA_ROLES.has(object.metadata.labels?.[COMPONENT_LABEL] ?? '');
}

/** Runs the app's own code, though it may keep a volume. */
function runsApp(object: Manifest): boolean {
  return ['web', 'worker'].includes(object.metadata.labels?.[COMPONENT_LABEL] ?? '');
}

/** Going back neither takes it away nor writes it as it was: data, or what data is read with. */
export function bearsData(object: Manifest): boolean {
  return (
    isOfData(object) ||
    (object.kind === 'StatefulSet' && !runsApp(object)) ||
    object.kind === 'Namespace' ||
    object.kind.startsWith('PersistentVolume') ||
    object.metadata.labels?.[COMPONENT_LABEL] === 'seed'
  );
}

function isHeadless(object: Manifest): boolean {
  return object.kind === 'Service' && (object.spec as { clusterIP?: string } | undefined)?.clusterIP === 'None';
}
