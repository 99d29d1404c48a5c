import type { Deployment, ReplicaSet } from '../../kinds/index.ts';
import { scaledValue } from '../int-or-percent.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS } from './annotations.ts';

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

export function wanted(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || wanted(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, wanted(deployment));
}

/** Surge rounds up and unavailability down; when both come to nothing one pod may be missing, else no roll could start. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const surge = scaledValue(rolling?.maxSurge ?? 0, wanted(deployment), true);
  const unavailable = scaledValue(rolling?.maxUnavailable ?? 0, wanted(deployment), false);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** Pods asked for by these ReplicaSets. */
export function askedReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
}

export function active(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => (set.spec.replicas ?? 0) > 0);
}

/** How large the newest ReplicaSet may be now. */
export function newSetReplicas(deployment: Deployment, sets: readonly ReplicaSet[], newSetSize: number): number {
  if (!isRolling(deployment)) return wanted(deployment);
  const room = wanted(deployment) + maxSurge(deployment) - askedReplicas(sets);
  if (room <= 0) return newSetSize;
  return newSetSize + Math.min(room, wanted(deployment) - newSetSize);
}

/** The newest set is whole and was scaled under the size wanted now. */
export function isSaturated(deployment: Deployment, newSet: ReplicaSet | undefined): boolean {
  if (newSet === undefined) return false;
  const size = wanted(deployment);
  return (
    newSet.metadata.annotations?.[DESIRED_REPLICAS] === String(size) &&
    newSet.spec.replicas === size &&
    newSet.status.availableReplicas === size
  );
}

/**
 * The sizes after the Deployment was scaled in the middle of a roll: the difference is shared out in proportion to the
 * sets' sizes, the rest goes to the largest.
 */
export function proportionalSizes(deployment: Deployment, sets: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const size = wanted(deployment);
  const allowed = size > 0 ? size + maxSurge(deployment) : 0;
  const toAdd = allowed - askedReplicas(sets);
  const newestFirst = toAdd > 0 ? -1 : 1;
  const sorted = [...sets].sort(
    (a, b) =>
      (b.spec.replicas ?? 0) - (a.spec.replicas ?? 0) ||
      newestFirst * compareTimes(a.metadata.creationTimestamp, b.metadata.creationTimestamp),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of sorted) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    sizes.set(set, (set.spec.replicas ?? 0) + share);
    added += share;
  }
  const largest = sorted[0];
  if (largest !== undefined && toAdd !== 0) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  }
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const replicas = set.spec.replicas ?? 0;
  if (replicas === 0 || toAdd === added) return 0;
  const left = toAdd - added;
  const fraction = setFraction(deployment, set, replicas);
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function setFraction(deployment: Deployment, set: ReplicaSet, replicas: number): number {
  if (wanted(deployment) === 0) return -replicas;
  const maxNow = wanted(deployment) + maxSurge(deployment);
  const noted = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? 0);
  const maxBefore = Number.isInteger(noted) && noted > 0 ? noted : (deployment.status.replicas ?? 0);
  if (maxBefore === 0) return 0;
  return Math.round((replicas * maxNow) / maxBefore) - replicas;
}

export function compareTimes(a: string | undefined, b: string | undefined): number {
  return Date.parse(a ?? '') - Date.parse(b ?? '') || 0;
}
