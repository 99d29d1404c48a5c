import type { Pod, PodStatus } from '../kinds/index.ts';
import { podConditions } from './conditions.ts';
import { containerStatuses } from './container-status.ts';
import { podPhase } from './phase.ts';
import { isTerminalPhase } from './pod-spec.ts';
import { isAlive, type PodState } from './pod-state.ts';
import { qualityClass } from './quality.ts';
import { apiTime } from './scope.ts';

/**
 * The status to write for a pod: what is so, on top of what others wrote into the status the pod carries now.
 * Pure; the same facts give the same status. `nodeAddress` is the node's internal address.
 */
export function podStatus(pod: Pod, state: PodState, nodeAddress: string, nowMs: number): PodStatus {
  // Ended under an earlier engine: nothing is known that is not written already.
  if (isTerminalPhase(pod.status?.phase) && ![...state.containers.values()].some(({ current }) => current))
    return pod.status ?? {};
  const statuses = containerStatuses(pod, state);
  const initialized = statuses.app.some((status) => status.containerID !== undefined);
  const before = pod.status ?? {};
  const over = isOver(state);
  const phase = phaseToTell(before.phase, over, state, () => podPhase(pod, statuses, over, initialized));
  const address = state.address ?? before.podIP;
  const reason = (over ? state.ending?.reason : undefined) ?? before.reason;
  const message = (over ? state.ending?.message : undefined) ?? before.message;
  return {
    ...before,
    phase,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    conditions: podConditions({ pod, phase, statuses, sandboxReady: hasSandbox(state) }, apiTime(nowMs)),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    hostIP: nodeAddress,
    hostIPs: [{ ip: nodeAddress }],
    ...(address ? { podIP: address, podIPs: [{ ip: address }] } : {}),
    startTime: before.startTime ?? apiTime(state.startedAtMs),
    qosClass: before.qosClass ?? qualityClass(pod),
    ...(statuses.init.length > 0 ? { initContainerStatuses: statuses.init } : {}),
    containerStatuses: statuses.app,
    ...(statuses.ephemeral.length > 0 ? { ephemeralContainerStatuses: statuses.ephemeral } : {}),
  };
}

/** Namespaces with an address; a pod found again has its address before its sandbox has been looked at. */
function hasSandbox(state: PodState): boolean {
  return state.address !== undefined && !state.released && state.sandbox !== 'removed';
}

/** A terminal phase is never taken back, and told only when no container runs any more. */
function phaseToTell(before: string | undefined, over: boolean, state: PodState, compute: () => string): string {
  if (before !== undefined && isTerminalPhase(before)) return before;
  if (over && (state.ending?.cause === 'deadline' || state.ending?.cause === 'rejected')) return 'Failed';
  const phase = compute();
  return isTerminalPhase(phase) && state.ending && !over ? (before ?? 'Pending') : phase;
}

/** Nothing of the pod runs, or will run again. */
function isOver(state: PodState): boolean {
  return (
    state.ending !== undefined &&
    ![...state.containers.values()].some((container) => container.task !== undefined || isAlive(container))
  );
}
