import type { Job, Pod } from '../../kinds/index.ts';
import { isPodActive, isPodReady, isPodTerminal, isPodTerminating } from '../pod-state.ts';
import { matchFailurePolicy } from './failure-policy.ts';
import { completionIndex, parseIndexes } from './indexes.ts';

export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false;
}

export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === 'Indexed';
}

/** Whether a pod is replaced only once it has really ended (podReplacementPolicy Failed), not when it begins to go. */
export function replacesOnlyFailed(job: Job): boolean {
  return job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined;
}

export function isPodFailed(job: Job, pod: Pod): boolean {
  if (pod.status.phase === 'Failed') return true;
  if (replacesOnlyFailed(job)) return false;
  // A pod that is deleted may never get to say how it ended.
  return isPodTerminating(pod) && pod.status.phase !== 'Succeeded';
}

export function indexFailures(pod: Pod): number {
  return Number(pod.metadata.annotations?.[INDEX_FAILURES] ?? 0) || 0;
}
export { INDEX_FAILURES };

/** Where a Job stands, counted from its status and its pods. */
export interface Account {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Of all times, those not yet in the status included. */
  readonly succeeded: number;
  readonly failed: number;
  /** Pods that ended and are not in the status in any form yet. */
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  readonly succeededIndexes: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** What the failure policy says to fail the Job for. */
  readonly policyMessage: string | undefined;
}

/** Counts without changing anything. A pod is counted once: it is found by its finalizer or by its uid in the status. */
export function account(job: Job, pods: readonly Pod[]): Account {
  const uncounted = {
    succeeded: new Set(job.status.uncountedTerminatedPods?.succeeded ?? []),
    failed: new Set(job.status.uncountedTerminatedPods?.failed ?? []),
  };
  const completions = job.spec.completions ?? Number.MAX_SAFE_INTEGER;
  const indexed = isIndexed(job);
  const active = pods.filter(isPodActive);
  const newSucceeded: Pod[] = [];
  const newFailed: Pod[] = [];
  const succeededIndexes = indexed ? parseIndexes(job.status.completedIndexes, completions) : new Set<number>();
  const failedIndexes = indexed ? parseIndexes(job.status.failedIndexes, completions) : new Set<number>();
  const counted = new Set(succeededIndexes);
  let policyMessage: string | undefined;
  for (const pod of pods) {
    const { uid } = pod.metadata;
    if (!isTracked(pod) || uncounted.succeeded.has(uid) || uncounted.failed.has(uid)) continue;
    const index = completionIndex(pod);
    const validIndex = index >= 0 && index < completions;
    if (pod.status.phase === 'Succeeded') {
      if (indexed && !validIndex) continue;
      succeededIndexes.add(index);
      if (!indexed || !counted.has(index)) newSucceeded.push(pod);
      counted.add(index);
    } else if (isPodFailed(job, pod)) {
      if (indexed && !validIndex) continue;
      const match = matchFailurePolicy(job, pod);
      if (match?.action === 'FailJob') policyMessage ??= match.message;
      if (match?.action === 'Ignore') continue;
      newFailed.push(pod);
      const limit = job.spec.backoffLimitPerIndex;
      if (limit === undefined || !indexed) continue;
      if (match?.action === 'FailIndex' || indexFailures(pod) >= limit) failedIndexes.add(index);
    }
  }
  if (!indexed) succeededIndexes.clear();
  for (const index of succeededIndexes) failedIndexes.delete(index);
  const succeededBefore = (job.status.succeeded ?? 0) + uncounted.succeeded.size;
  return {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => isPodTerminating(pod) && !isPodTerminal(pod)).length,
    succeeded: indexed ? succeededIndexes.size : succeededBefore + newSucceeded.length,
    failed: (job.status.failed ?? 0) + uncounted.failed.size + newFailed.length,
    newSucceeded,
    newFailed,
    succeededIndexes,
    failedIndexes,
    policyMessage,
  };
}

/** Restarts inside pods of restartPolicy OnFailure count as failures, too. */
export function pastLimitByRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const pod of pods) {
    if (pod.status.phase !== 'Running' && pod.status.phase !== 'Pending') continue;
    for (const status of pod.status.initContainerStatuses ?? []) restarts += status.restartCount;
    for (const status of pod.status.containerStatuses ?? []) restarts += status.restartCount;
  }
  const limit = job.spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** When a pod ended, milliseconds since 1970. */
export function endedAtMs(pod: Pod, nowMs: number): number {
  const times = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]
    .map((status) => Date.parse(status.state?.terminated?.finishedAt ?? ''))
    .filter((time) => !Number.isNaN(time));
  if (times.length > 0) return Math.max(...times);
  const deletedMs = Date.parse(pod.metadata.deletionTimestamp ?? '');
  return Number.isNaN(deletedMs) ? nowMs : deletedMs;
}
