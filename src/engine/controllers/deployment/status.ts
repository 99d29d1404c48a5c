import type { Clock } from '../../../base/index.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../kinds/index.ts';
import { timeMs } from '../timestamps.ts';
import { askedReplicas, maxUnavailable, wanted } from './arithmetic.ts';
import {
  condition,
  hasDeadline,
  hasTimedOut,
  isComplete,
  isProgressing,
  NEW_SET_AVAILABLE,
  newCondition,
  TIMED_OUT,
  withCondition,
  withoutCondition,
} from './conditions.ts';
import { allSets, type Sets } from './sets.ts';

const sum = (sets: readonly ReplicaSet[], of: (status: ReplicaSet['status']) => number | undefined): number =>
  sets.reduce((total, set) => total + (of(set.status) ?? 0), 0);

/** Counts and the Available condition. */
export function countStatus(clock: Clock, sets: Sets): DeploymentStatus {
  const { deployment, newSet } = sets;
  const all = allSets(sets);
  const replicas = sum(all, (status) => status.replicas);
  const updatedReplicas = newSet?.status.replicas ?? 0;
  const readyReplicas = sum(all, (status) => status.readyReplicas);
  const availableReplicas = sum(all, (status) => status.availableReplicas);
  const unavailableReplicas = Math.max(0, askedReplicas(all) - availableReplicas);
  const enough = availableReplicas >= wanted(deployment) - maxUnavailable(deployment);
  const available = enough
    ? newCondition(clock, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : newCondition(
        clock,
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
      );
  const { collisionCount } = deployment.status;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(replicas > 0 ? { replicas } : {}),
    ...(updatedReplicas > 0 ? { updatedReplicas } : {}),
    ...(readyReplicas > 0 ? { readyReplicas } : {}),
    ...(availableReplicas > 0 ? { availableReplicas } : {}),
    ...(unavailableReplicas > 0 ? { unavailableReplicas } : {}),
    terminatingReplicas: sum(all, (status) => status.terminatingReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(deployment.status.conditions, available),
  };
}

/** The status during a roll: counts, and how it gets on against its deadline. Upstream's syncRolloutStatus. */
export function rolloutStatus(clock: Clock, sets: Sets): DeploymentStatus {
  const { deployment, newSet } = sets;
  const status = countStatus(clock, sets);
  const current = condition(deployment.status.conditions, 'Progressing');
  let conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  const over = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === NEW_SET_AVAILABLE;
  if (hasDeadline(deployment) && !over) {
    const subject =
      newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
    if (isComplete(deployment, status)) {
      const message = `${subject} has successfully progressed.`;
      conditions = withCondition(conditions, newCondition(clock, 'Progressing', 'True', NEW_SET_AVAILABLE, message));
    } else if (isProgressing(deployment, status)) {
      const message = `${subject} is progressing.`;
      const next = newCondition(clock, 'Progressing', 'True', 'ReplicaSetUpdated', message);
      // The update time must move even when status and reason do not: the deadline counts from it.
      const since = current?.status === 'True' ? current.lastTransitionTime : undefined;
      const kept = since === undefined ? next : { ...next, lastTransitionTime: since };
      conditions = withCondition(current ? withoutCondition(conditions, 'Progressing') : conditions, kept);
    } else if (hasTimedOut(deployment, status, clock.now())) {
      const message = `${subject} has timed out progressing.`;
      conditions = withCondition(conditions, newCondition(clock, 'Progressing', 'False', TIMED_OUT, message));
    }
  }
  const failure = setFailure(sets);
  conditions = failure ? withCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure');
  return { ...status, conditions };
}

/** When a roll that stands still must be looked at again, milliseconds from now. */
export function deadlineInMs(clock: Clock, deployment: Deployment, status: DeploymentStatus): number | undefined {
  const current = condition(status.conditions, 'Progressing');
  if (!hasDeadline(deployment) || current === undefined) return undefined;
  if (isComplete(deployment, status) || current.reason === TIMED_OUT) return undefined;
  const dueMs = timeMs(current.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
  return Math.max(0, dueMs - clock.now()) + 1000;
}

/** A ReplicaSet that cannot make its pods; the new one's word counts first. */
function setFailure(sets: Sets): DeploymentCondition | undefined {
  const order = sets.newSet === undefined ? sets.oldSets : [sets.newSet, ...sets.oldSets];
  for (const set of order) {
    const failed = set.status.conditions?.find((entry) => entry.type === 'ReplicaFailure');
    if (failed === undefined) continue;
    const { type, status, reason = '', message = '', lastTransitionTime } = failed;
    if (lastTransitionTime === undefined) return { type, status, reason, message };
    return { type, status, reason, message, lastTransitionTime, lastUpdateTime: lastTransitionTime };
  }
  return undefined;
}
