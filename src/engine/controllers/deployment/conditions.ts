import type { Clock } from '../../../base/index.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../kinds/index.ts';
import { timeMs, timestampNow } from '../timestamps.ts';
import { wanted } from './arithmetic.ts';

type Conditions = readonly DeploymentCondition[] | undefined;

/** Upstream's NewRSAvailableReason: the roll is over. */
export const NEW_SET_AVAILABLE = 'NewReplicaSetAvailable';
export const TIMED_OUT = 'ProgressDeadlineExceeded';

export function condition(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions?.find((entry) => entry.type === type);
}

export function newCondition(
  clock: Clock,
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
): DeploymentCondition {
  const now = timestampNow(clock);
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** The condition goes last; one with the same status and reason stays as it is. */
export function withCondition(conditions: Conditions, next: DeploymentCondition): DeploymentCondition[] {
  const current = condition(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...(conditions ?? [])];
  const sameStatus = current?.status === next.status;
  return [
    ...withoutCondition(conditions, next.type),
    sameStatus && current?.lastTransitionTime !== undefined
      ? { ...next, lastTransitionTime: current.lastTransitionTime }
      : next,
  ];
}

export function withoutCondition(conditions: Conditions, type: string): DeploymentCondition[] {
  return (conditions ?? []).filter((entry) => entry.type !== type);
}

/** Without a deadline there is no Progressing condition; the largest int32 means none. */
export function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2 ** 31 - 1;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const size = wanted(deployment);
  return (
    (status.updatedReplicas ?? 0) === size &&
    (status.replicas ?? 0) === size &&
    (status.availableReplicas ?? 0) === size &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Something moved forward since the status last written. */
export function isProgressing(deployment: Deployment, status: DeploymentStatus): boolean {
  const old = (of: DeploymentStatus) => (of.replicas ?? 0) - (of.updatedReplicas ?? 0);
  const before = deployment.status;
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(status) < old(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

export function hasTimedOut(deployment: Deployment, status: DeploymentStatus, nowMs: number): boolean {
  if (!hasDeadline(deployment)) return false;
  const progressing = condition(status.conditions, 'Progressing');
  if (progressing === undefined || progressing.reason === NEW_SET_AVAILABLE) return false;
  if (progressing.reason === TIMED_OUT) return true;
  return timeMs(progressing.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 < nowMs;
}
