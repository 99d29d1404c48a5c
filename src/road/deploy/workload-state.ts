import type { DaemonSet, Deployment, Job, KubeObject, StatefulSet } from '../../engine/kinds/index.ts';

export type WorkloadState =
  | { readonly is: 'ready' }
  | { readonly is: 'waiting'; readonly reason: string }
  /** It says of itself that it will not come. */
  | { readonly is: 'failed'; readonly reason: string };

const ready: WorkloadState = { is: 'ready' };
const waiting = (reason: string): WorkloadState => ({ is: 'waiting', reason });

/** How far a workload is, judged as `kubectl rollout status` and `kubectl wait` judge. */
export function workloadState(object: KubeObject): WorkloadState {
  if (object.kind === 'Deployment') return deploymentState(object as Deployment);
  if (object.kind === 'StatefulSet') return statefulSetState(object as StatefulSet);
  if (object.kind === 'DaemonSet') return daemonSetState(object as DaemonSet);
  if (object.kind === 'Job') return jobState(object as Job);
  return ready;
}

function deploymentState({ metadata, spec, status }: Deployment): WorkloadState {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return waiting('not seen by its controller yet');
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { is: 'failed', reason: progressing.message ?? 'made no progress within its deadline' };
  }
  const wanted = spec.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status ?? {};
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} of ${wanted} replicas are of the new version`);
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} replicas of the old version remain`);
  if (availableReplicas < updatedReplicas) return waiting(`${availableReplicas} of ${wanted} replicas are ready`);
  return ready;
}

function statefulSetState({ metadata, spec, status }: StatefulSet): WorkloadState {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return waiting('not seen by its controller yet');
  const wanted = spec.replicas ?? 1;
  const { readyReplicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = status ?? {};
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} replicas are ready`);
  if (currentRevision !== updateRevision && updatedReplicas < wanted) {
    return waiting(`${updatedReplicas} of ${wanted} replicas are of the new version`);
  }
  return ready;
}

function daemonSetState({ metadata, status }: DaemonSet): WorkloadState {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return waiting('not seen by its controller yet');
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status ?? {};
  if (updatedNumberScheduled < wanted)
    return waiting(`${updatedNumberScheduled} of ${wanted} pods are of the new version`);
  if (numberAvailable < wanted) return waiting(`${numberAvailable} of ${wanted} pods are ready`);
  return ready;
}

function jobState({ status }: Job): WorkloadState {
  const is = (wanted: string) => status?.conditions?.find(({ type, status: on }) => type === wanted && on === 'True');
  if (is('Complete')) return ready;
  const failed = is('Failed');
  if (failed) return { is: 'failed', reason: `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}` };
  return waiting(status?.active ? 'running' : 'not started yet');
}
