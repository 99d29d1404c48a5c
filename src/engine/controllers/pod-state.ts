import type { Pod, PodCondition } from '../kinds/index.ts';
import { timeMs } from './timestamps.ts';

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Ready for at least minReadySeconds. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  return minReadySeconds === 0 || timeMs(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs;
}

/** How long until a ready pod is available; undefined for one that is not ready or available already. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True' || minReadySeconds === 0) return undefined;
  const leftMs = timeMs(ready.lastTransitionTime) + minReadySeconds * 1000 - nowMs;
  return leftMs > 0 ? leftMs : undefined;
}

export function isPodTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Ended for good: it will never run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !isPodTerminating(pod);
}

function restarts(pod: Pod): number {
  let most = 0;
  for (const status of pod.status.containerStatuses ?? []) most = Math.max(most, status.restartCount);
  for (const status of pod.status.initContainerStatuses ?? []) most = Math.max(most, status.restartCount);
  return most;
}

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

/** Time to the power of two it falls into: among long-lived pods the age must not decide alone. */
function logarithmicAge(sinceMs: number, nowMs: number): number {
  const ageSeconds = Math.floor((nowMs - sinceMs) / 1000);
  return Number.isNaN(ageSeconds) ? -1 : Math.floor(Math.log2(Math.max(ageSeconds, 1)));
}

/**
 * Upstream's ActivePodsWithRanks: which pod goes first when there are too many. `rank` is how many pods of the same
 * family run on the pod's node.
 */
export function deletionOrder(rank: (pod: Pod) => number, nowMs: number): (a: Pod, b: Pod) => number {
  return (a, b) => {
    const assignedA = a.spec.nodeName ? 1 : 0;
    const assignedB = b.spec.nodeName ? 1 : 0;
    if (assignedA !== assignedB) return assignedA - assignedB;
    const phaseA = PHASES[a.status.phase ?? 'Pending'] ?? 0;
    const phaseB = PHASES[b.status.phase ?? 'Pending'] ?? 0;
    if (phaseA !== phaseB) return phaseA - phaseB;
    const readyA = isPodReady(a);
    const readyB = isPodReady(b);
    if (readyA !== readyB) return readyA ? 1 : -1;
    const cost = deletionCost(a) - deletionCost(b);
    if (cost !== 0) return cost;
    const rankDifference = rank(b) - rank(a);
    if (rankDifference !== 0) return rankDifference;
    if (readyA) {
      const sinceA = timeMs(podCondition(a, 'Ready')?.lastTransitionTime);
      const sinceB = timeMs(podCondition(b, 'Ready')?.lastTransitionTime);
      if (sinceA !== sinceB) {
        const difference = logarithmicAge(sinceA, nowMs) - logarithmicAge(sinceB, nowMs);
        return difference !== 0 ? difference : a.metadata.uid < b.metadata.uid ? -1 : 1;
      }
    }
    const restartDifference = restarts(b) - restarts(a);
    if (restartDifference !== 0) return restartDifference;
    const createdA = timeMs(a.metadata.creationTimestamp);
    const createdB = timeMs(b.metadata.creationTimestamp);
    if (createdA === createdB) return 0;
    const difference = logarithmicAge(createdA, nowMs) - logarithmicAge(createdB, nowMs);
    return difference !== 0 ? difference : a.metadata.uid < b.metadata.uid ? -1 : 1;
  };
}
