import type { Running } from '../../client/index.ts';
import { type Job, type JobStatus, kinds, matchesSelector, type Pod } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { Expectations } from '../expectations.ts';
import { claim, controllerOf, ORPHANS, orMissing, orphanNamespace } from '../ownership.ts';
import { isNamespaceTerminating, PodControl, slowStart } from '../pod-control.ts';
import { isPodTerminating } from '../pod-state.ts';
import { timeMs, timestampNow } from '../timestamps.ts';
import {
  type Account,
  account,
  endedAtMs,
  indexFailures,
  isIndexed,
  isPodFailed,
  isTracked,
  replacesOnlyFailed,
  TRACKING_FINALIZER,
} from './accounting.ts';
import { completionIndex, formatIndexes } from './indexes.ts';
import { isJobFinished, jobCondition, type Verdict, withJobCondition, writtenVerdict } from './job-conditions.ts';
import { jobPod } from './job-pod.ts';
import { surplusPods } from './surplus.ts';
import { complete, judge } from './verdict.ts';

const MANAGER = 'kubernetes.io/job-controller';
const PODS_A_PASS_MAX = 500;
const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 600_000;

interface Failures {
  count: number;
  lastMs: number;
}

/** Runs pods to completion, and counts each that ended exactly once (KEP-2307). */
export function startJobs(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const jobs = informers.of(kinds.jobs);
  const pods = informers.of(kinds.pods);
  pods.addIndex(ORPHANS, orphanNamespace);
  const recorder = context.recorder('job-controller');
  const control = new PodControl(client, recorder);
  const expectations = new Expectations(pods, clock);
  const failures = new Map<string, Failures>();
  /** Pods whose finalizer was taken away and still shows in the view: they are counted already. */
  const released = new Set<string>();

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const job = jobs.get(namespace, name);
    if (job === undefined) {
      expectations.forget(key);
      failures.delete(key);
      return undefined;
    }
    if (job.spec.managedBy !== undefined && job.spec.managedBy !== MANAGER) return undefined;
    const claimed = await claim<Pod>({
      client,
      kind: kinds.pods,
      owner: job,
      ownerKind: kinds.jobs,
      selector: job.spec.selector,
      owned: pods.ownedBy(job.metadata.uid),
      orphans: pods.byIndex(ORPHANS, namespace),
    });
    const owned = claimed.map((pod) => (released.has(pod.metadata.uid) ? withoutTracking(pod) : pod));
    if (isJobFinished(job)) {
      failures.delete(key);
      await Promise.all(owned.filter(isTracked).map(untrack));
      return undefined;
    }
    const counts = account(job, owned);
    noteFailures(key, counts);
    let verdict = writtenVerdict(job) ?? judge(job, owned, counts, clock.now());
    let active = counts.active.length;
    let waitMs: number | undefined;
    if (verdict !== undefined) {
      await Promise.all(counts.active.map((pod) => control.delete(job, pod)));
    } else if (expectations.met(key) && job.metadata.deletionTimestamp === undefined) {
      const managed = await manage(key, job, counts);
      active += managed.change;
      waitMs = managed.waitMs;
      verdict = complete(job, counts, active);
    }
    await record(job, owned, counts, verdict, active);
    return waitMs ?? deadlineInMs(job);
  };

  /** Makes and deletes pods; answers by how much the active ones changed, and when more may be made. */
  const manage = async (
    key: string,
    job: Job,
    counts: Account,
  ): Promise<{ change: number; waitMs: number | undefined }> => {
    const { completions, parallelism = 1, suspend } = job.spec;
    const remove = async (doomed: readonly Pod[]): Promise<number> => {
      await Promise.all(
        doomed.map(async (pod) => {
          // Pods that are too many do not count as failed: they are let go before they end.
          await untrack(pod);
          await control.delete(job, pod);
          expectations.deleted(key, pod);
        }),
      );
      return -doomed.length;
    };
    if (suspend) return { change: await remove(counts.active.slice(0, PODS_A_PASS_MAX)), waitMs: undefined };
    let wanted: number;
    if (completions === undefined) {
      wanted = counts.succeeded > 0 ? Math.min(counts.active.length, parallelism) : parallelism;
    } else {
      const left = Math.max(0, completions - counts.succeeded - counts.failedIndexes.size);
      wanted = Math.min(parallelism, left);
    }
    const surplus = surplusPods(job, counts, wanted, clock.now());
    if (surplus.length > 0) return { change: await remove(surplus), waitMs: undefined };
    const going = replacesOnlyFailed(job) ? counts.terminating : 0;
    const missing = Math.min(wanted - counts.active.length - going, PODS_A_PASS_MAX);
    if (missing <= 0) return { change: 0, waitMs: undefined };
    if (job.spec.backoffLimitPerIndex === undefined) {
      const waitMs = backoffMs(failures.get(key));
      if (waitMs > 0) return { change: 0, waitMs };
    }
    return createPods(key, job, counts, missing);
  };

  const createPods = async (
    key: string,
    job: Job,
    counts: Account,
    missing: number,
  ): Promise<{ change: number; waitMs: number | undefined }> => {
    const indexes = isIndexed(job) ? pendingIndexes(job, counts, missing) : undefined;
    const { done, error } = await slowStart(indexes?.ready.length ?? missing, async (place) => {
      const index = indexes?.ready[place];
      const before = index === undefined ? 0 : failuresOf(job, index);
      expectations.created(key, await control.create(job, job.spec.template, jobPod(job, index, before)));
    });
    if (error !== undefined && !isNamespaceTerminating(error)) throw error;
    return { change: done, waitMs: indexes?.waitMs };
  };

  /** Indexes nobody works on, lowest first; with a limit of their own each waits for its own failures. */
  const pendingIndexes = (job: Job, counts: Account, most: number): { ready: number[]; waitMs: number | undefined } => {
    const busy = new Set(counts.active.map(completionIndex));
    if (replacesOnlyFailed(job)) {
      for (const pod of pods.ownedBy(job.metadata.uid)) {
        if (isPodTerminating(pod) && !isPodFailed(job, pod)) busy.add(completionIndex(pod));
      }
    }
    const ready: number[] = [];
    let waitMs: number | undefined;
    const completions = job.spec.completions ?? 0;
    for (let index = 0; index < completions && ready.length < most; index++) {
      if (busy.has(index) || counts.succeededIndexes.has(index) || counts.failedIndexes.has(index)) continue;
      const ownWaitMs = job.spec.backoffLimitPerIndex === undefined ? 0 : indexBackoffMs(job, index);
      if (ownWaitMs > 0) waitMs = Math.min(waitMs ?? ownWaitMs, ownWaitMs);
      else ready.push(index);
    }
    return { ready, waitMs };
  };

  const lastFailed = (job: Job, index: number): Pod | undefined =>
    pods
      .ownedBy(job.metadata.uid)
      .filter((pod) => completionIndex(pod) === index && isPodFailed(job, pod))
      .sort((a, b) => indexFailures(b) - indexFailures(a))[0];

  const failuresOf = (job: Job, index: number): number => {
    const pod = lastFailed(job, index);
    return pod === undefined ? 0 : indexFailures(pod) + 1;
  };

  const indexBackoffMs = (job: Job, index: number): number => {
    const pod = lastFailed(job, index);
    return pod === undefined ? 0 : backoffMs({ count: indexFailures(pod) + 1, lastMs: endedAtMs(pod, clock.now()) });
  };

  const backoffMs = (record: Failures | undefined): number => {
    if (record === undefined || record.count === 0) return 0;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (record.count - 1), LONGEST_DELAY_MS);
    return Math.max(0, record.lastMs + delayMs - clock.now());
  };

  const noteFailures = (key: string, counts: Account): void => {
    if (counts.newSucceeded.length > 0) failures.delete(key);
    if (counts.newFailed.length === 0) return;
    const record = failures.get(key) ?? { count: 0, lastMs: 0 };
    const nowMs = clock.now();
    const lastMs = Math.max(record.lastMs, ...counts.newFailed.map((pod) => endedAtMs(pod, nowMs)));
    failures.set(key, { count: record.count + counts.newFailed.length, lastMs });
  };

  /**
   * Writes the status in two steps around the removal of the pods' finalizers: first who ended, then how many. If it is
   * interrupted in between, the uids in the status tell who was not counted yet.
   */
  const record = async (
    job: Job,
    owned: readonly Pod[],
    counts: Account,
    verdict: Verdict | undefined,
    active: number,
  ): Promise<void> => {
    const failing = verdict?.type === 'FailureTarget';
    const failed = failing
      ? owned.filter((pod) => isTracked(pod) && pod.status.phase !== 'Succeeded' && !isIn(job, pod))
      : counts.newFailed;
    const indexed = isIndexed(job);
    const uncounted = {
      succeeded: [
        ...(job.status.uncountedTerminatedPods?.succeeded ?? []),
        ...(indexed ? [] : counts.newSucceeded.map((pod) => pod.metadata.uid)),
      ],
      failed: [...(job.status.uncountedTerminatedPods?.failed ?? []), ...failed.map((pod) => pod.metadata.uid)],
    };
    const live = verdict === undefined ? active : 0;
    const terminating = counts.terminating + (verdict === undefined ? 0 : counts.active.length);
    const first = await write(job, {
      ...baseStatus(job, counts, verdict),
      ...(live > 0 ? { active: live } : {}),
      ready: verdict === undefined ? counts.ready : 0,
      terminating,
      uncountedTerminatedPods: dropEmpty(uncounted),
    });
    announce(job, first);
    const waiting = new Set([...uncounted.succeeded, ...uncounted.failed]);
    const releasable = owned.filter(
      (pod) =>
        isTracked(pod) &&
        (waiting.has(pod.metadata.uid) ||
          pod.status.phase === 'Succeeded' ||
          isPodFailed(job, pod) ||
          job.metadata.deletionTimestamp !== undefined),
    );
    await Promise.all(releasable.map(untrack));
    const { uncountedTerminatedPods: _, ...status } = first.status;
    const succeededCount = indexed
      ? counts.succeededIndexes.size
      : (job.status.succeeded ?? 0) + uncounted.succeeded.length;
    const failedCount = (job.status.failed ?? 0) + uncounted.failed.length;
    const over = verdict !== undefined && terminating === 0;
    const finished = await write(first, {
      ...status,
      ...(succeededCount > 0 ? { succeeded: succeededCount } : {}),
      ...(failedCount > 0 ? { failed: failedCount } : {}),
      uncountedTerminatedPods: {},
      ...(over ? finalStatus(first, verdict) : {}),
    });
    if (over) announceEnd(finished, verdict);
  };

  const isIn = (job: Job, pod: Pod): boolean => {
    const { succeeded = [], failed = [] } = job.status.uncountedTerminatedPods ?? {};
    return succeeded.includes(pod.metadata.uid) || failed.includes(pod.metadata.uid);
  };

  const baseStatus = (job: Job, counts: Account, verdict: Verdict | undefined): JobStatus => {
    const { active: _, ready: __, terminating: ___, startTime, conditions: before = [], ...rest } = job.status;
    const now = timestampNow(clock);
    const { suspend = false } = job.spec;
    let conditions = [...before];
    if (verdict !== undefined) conditions = withJobCondition(conditions, { ...verdict, status: 'True' }, now);
    else if (suspend) {
      const reason = { reason: 'JobSuspended', message: 'Job suspended' };
      conditions = withJobCondition(conditions, { type: 'Suspended', status: 'True', ...reason }, now);
    } else if (before.some((condition) => condition.type === 'Suspended' && condition.status === 'True')) {
      const reason = { reason: 'JobResumed', message: 'Job resumed' };
      conditions = withJobCondition(conditions, { type: 'Suspended', status: 'False', ...reason }, now);
    }
    const resumed = jobCondition(job, 'Suspended') !== undefined && !suspend;
    const start = suspend && verdict === undefined ? undefined : resumed ? now : (startTime ?? now);
    const failedIndexes = formatIndexes(counts.failedIndexes);
    return {
      ...rest,
      ...(start === undefined ? {} : { startTime: start }),
      ...(conditions.length > 0 ? { conditions } : {}),
      ...(isIndexed(job) ? { completedIndexes: formatIndexes(counts.succeededIndexes) } : {}),
      ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes }),
    };
  };

  const finalStatus = (job: Job, verdict: Verdict): Partial<JobStatus> => {
    const now = timestampNow(clock);
    const { reason, message } = verdict;
    const type = verdict.type === 'FailureTarget' ? 'Failed' : 'Complete';
    const conditions = withJobCondition(job.status.conditions ?? [], { type, status: 'True', reason, message }, now);
    return { conditions, ...(type === 'Complete' ? { completionTime: now } : {}) };
  };

  const write = async (job: Job, status: JobStatus): Promise<Job> => {
    if (semanticEqual(job.status, status)) return job;
    return client.updateStatus<Job>(kinds.jobs, { ...job, status });
  };

  const announce = (before: Job, after: Job): void => {
    const was = jobCondition(before, 'Suspended') !== undefined;
    const is = jobCondition(after, 'Suspended') !== undefined;
    if (!was && is) recorder.event(after, 'Normal', 'Suspended', 'Job suspended');
    if (was && !is) recorder.event(after, 'Normal', 'Resumed', 'Job resumed');
  };

  const announceEnd = (job: Job, verdict: Verdict): void => {
    if (verdict.type === 'SuccessCriteriaMet') recorder.event(job, 'Normal', 'Completed', 'Job completed');
    else recorder.event(job, 'Warning', verdict.reason, verdict.message);
  };

  const untrack = async (pod: Pod): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    if (!isTracked(pod)) return;
    const finalizers = { '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] };
    const body = { metadata: { uid, ...finalizers } };
    await orMissing(client.patch(kinds.pods, namespace, name, { type: 'strategic', body }));
    const shown = pods.get(namespace, name);
    if (shown?.metadata.uid === uid && isTracked(shown)) released.add(uid);
  };

  const deadlineInMs = (job: Job): number | undefined => {
    const { activeDeadlineSeconds, suspend } = job.spec;
    if (activeDeadlineSeconds === undefined || suspend) return undefined;
    const startMs = timeMs(job.status.startTime);
    const dueMs = (Number.isNaN(startMs) ? clock.now() : startMs) + activeDeadlineSeconds * 1000;
    return Math.max(1, dueMs - clock.now());
  };

  const reconcileOrphan = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    const owner = pod === undefined ? undefined : controllerOf(pod);
    if (pod === undefined || !isTracked(pod)) return;
    const job = owner?.kind === 'Job' ? jobs.get(namespace, owner.name) : undefined;
    if (job?.metadata.uid === owner?.uid && job !== undefined) return;
    await untrack(pod);
  };

  const loop = controllerLoop(context, 'job', [jobs, pods], reconcile, 8);
  // Pods whose Job is gone have nobody to count them: their finalizer would hold them for ever.
  const orphanLoop = controllerLoop(context, 'job-orphans', [jobs, pods], reconcileOrphan);
  follow(jobs, loop);
  jobs.onChange((now, before) => {
    if (now !== undefined || before === undefined) return;
    for (const pod of pods.ownedBy(before.metadata.uid)) if (isTracked(pod)) orphanLoop.add(keyOf(pod));
  });
  pods.onChange((now, before) => {
    if (now === undefined || !isTracked(now)) released.delete((now ?? before)?.metadata.uid ?? '');
    for (const pod of [now, before]) {
      const owner = pod === undefined ? undefined : controllerOf(pod);
      if (owner?.kind === 'Job') loop.add(`${pod?.metadata.namespace}/${owner.name}`);
    }
    if (now === undefined) return;
    const owner = controllerOf(now);
    if (isTracked(now) && (owner === undefined || jobs.get(now.metadata.namespace, owner.name) === undefined)) {
      orphanLoop.add(keyOf(now));
    }
    if (owner !== undefined) return;
    for (const job of jobs.list(now.metadata.namespace ?? '')) {
      if (job.spec.selector && matchesSelector(job.spec.selector, now.metadata.labels)) loop.add(keyOf(job));
    }
  });
  return {
    async stop() {
      await Promise.all([loop.stop(), orphanLoop.stop()]);
    },
  };
}

function withoutTracking(pod: Pod): Pod {
  const finalizers = (pod.metadata.finalizers ?? []).filter((name) => name !== TRACKING_FINALIZER);
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
}

function dropEmpty(uncounted: { succeeded: string[]; failed: string[] }): { succeeded?: string[]; failed?: string[] } {
  return {
    ...(uncounted.succeeded.length > 0 ? { succeeded: uncounted.succeeded } : {}),
    ...(uncounted.failed.length > 0 ? { failed: uncounted.failed } : {}),
  };
}
