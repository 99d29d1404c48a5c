import { ageSince, formatAge } from '../age.ts';
import type { KubeObject } from '../contract.ts';
import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../generated/types.ts';
import { formatLabelSelector, formatLabels } from '../label-selector.ts';

type Cell = string | number | boolean | null;

/** Names and images of a template's containers, as the wide columns have them. */
export function containerCells(spec: PodSpec | undefined): [names: string, images: string] {
  const containers = spec?.containers ?? [];
  return [containers.map((one) => one.name).join(','), containers.map((one) => one.image ?? '').join(',')];
}

export function deployment(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as Deployment;
  return [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
    formatLabelSelector(spec.selector),
  ];
}

export function replicaSet(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as ReplicaSet;
  return [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas ?? 0,
    status.readyReplicas ?? 0,
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
    formatLabelSelector(spec.selector),
  ];
}

export function replicationController(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as ReplicationController;
  return [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas ?? 0,
    status.readyReplicas ?? 0,
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
    formatLabels(spec.selector),
  ];
}

export function statefulSet(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as StatefulSet;
  return [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
  ];
}

export function daemonSet(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as DaemonSet;
  return [
    metadata.name,
    status.desiredNumberScheduled ?? 0,
    status.currentNumberScheduled ?? 0,
    status.numberReady ?? 0,
    status.updatedNumberScheduled ?? 0,
    status.numberAvailable ?? 0,
    formatLabels(spec.template?.spec?.nodeSelector),
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
    formatLabelSelector(spec.selector),
  ];
}

export function job(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as Job;
  const succeeded = status.succeeded ?? 0;
  const parallelism = spec.parallelism ?? 0;
  const completions =
    spec.completions !== undefined
      ? `${succeeded}/${spec.completions}`
      : parallelism > 1
        ? `${succeeded}/1 of ${parallelism}`
        : `${succeeded}/1`;
  let duration = '';
  if (status.startTime) {
    const end = status.completionTime ? Date.parse(status.completionTime) : now;
    duration = formatAge(end - Date.parse(status.startTime));
  }
  const holds = (type: string) => status.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
  const state = holds('Complete')
    ? 'Complete'
    : holds('Failed')
      ? 'Failed'
      : metadata.deletionTimestamp
        ? 'Terminating'
        : holds('Suspended')
          ? 'Suspended'
          : holds('FailureTarget')
            ? 'FailureTarget'
            : holds('SuccessCriteriaMet')
              ? 'SuccessCriteriaMet'
              : 'Running';
  return [
    metadata.name,
    state,
    completions,
    duration,
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec),
    formatLabelSelector(spec.selector),
  ];
}

export function cronJob(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as CronJob;
  return [
    metadata.name,
    spec.schedule,
    spec.timeZone ?? '<none>',
    String(spec.suspend ?? false).replace(/^./, (first) => first.toUpperCase()),
    status.active?.length ?? 0,
    status.lastScheduleTime ? ageSince(status.lastScheduleTime, now) : '<none>',
    ageSince(metadata.creationTimestamp, now),
    ...containerCells(spec.jobTemplate?.spec?.template?.spec),
    formatLabelSelector(spec.jobTemplate?.spec?.selector),
  ];
}
