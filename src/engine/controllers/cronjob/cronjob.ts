import { messageOf } from '../../../base/index.ts';
import type { Running } from '../../client/index.ts';
import {
  type CronJob,
  type CronJobStatus,
  type Job,
  kinds,
  type ObjectReference,
  StatusError,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { isJobFinished, jobCondition } from '../job/job-conditions.ts';
import { controllerOf, controllerReference, orMissing } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { timeMs, timestamp } from '../timestamps.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const MISSED_MANY = 100;

/** Makes Jobs by the clock. */
export function startCronJobs(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const cronJobs = informers.of(kinds.cronjobs);
  const jobs = informers.of(kinds.jobs);
  const recorder = context.recorder('cronjob-controller');

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const cronJob = cronJobs.get(namespace, name);
    if (cronJob === undefined) return undefined;
    const owned = jobs.ownedBy(cronJob.metadata.uid);
    await cleanUp(cronJob, owned);
    const status = await noteFinished(cronJob, owned);
    let waitMs: number | undefined;
    if (cronJob.metadata.deletionTimestamp === undefined && !cronJob.spec.suspend) {
      waitMs = await start(cronJob, status, owned);
    }
    if (!semanticEqual(status, cronJob.status)) {
      await client.updateStatus<CronJob>(kinds.cronjobs, { ...cronJob, status });
    }
    return waitMs;
  };

  /** The status without the Jobs that are over or gone. */
  const noteFinished = async (cronJob: CronJob, owned: readonly Job[]): Promise<CronJobStatus> => {
    const status: CronJobStatus = { ...cronJob.status };
    let active = [...(status.active ?? [])];
    for (const job of owned) {
      const listed = active.some((reference) => reference.uid === job.metadata.uid);
      const finished = isJobFinished(job);
      if (!listed && !finished) {
        const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`;
        recorder.event(cronJob, 'Warning', 'UnexpectedJob', message);
      } else if (listed && finished) {
        const type = jobCondition(job, 'Complete') === undefined ? 'Failed' : 'Complete';
        active = active.filter((reference) => reference.uid !== job.metadata.uid);
        const message = `Saw completed job: ${job.metadata.name}, condition: ${type}`;
        recorder.event(cronJob, 'Normal', 'SawCompletedJob', message);
      }
      const { completionTime } = job.status;
      if (completionTime === undefined || jobCondition(job, 'Complete') === undefined) continue;
      if (!(timeMs(completionTime) <= timeMs(status.lastSuccessfulTime))) status.lastSuccessfulTime = completionTime;
    }
    for (const reference of [...active]) {
      if (jobs.get(reference.namespace, reference.name ?? '') !== undefined) continue;
      const live = await orMissing(client.get<Job>(kinds.jobs, reference.namespace, reference.name ?? ''));
      if (live !== undefined) continue;
      active = active.filter((each) => each !== reference);
      recorder.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`);
    }
    delete status.active;
    return active.length > 0 ? { ...status, active } : status;
  };

  /** Starts what is due, into `status`; answers how long until the next is. */
  const start = async (cronJob: CronJob, status: CronJobStatus, owned: readonly Job[]): Promise<number | undefined> => {
    let schedule: Schedule;
    try {
      schedule = await parseSchedule(cronJob.spec.schedule, cronJob.spec.timeZone);
    } catch (error) {
      const [reason, text] =
        error instanceof RangeError
          ? ['UnknownTimeZone', `invalid timeZone: "${cronJob.spec.timeZone}": ${messageOf(error)}`]
          : ['UnparseableSchedule', `unparseable schedule: "${cronJob.spec.schedule}" : ${messageOf(error)}`];
      recorder.event(cronJob, 'Warning', reason, text);
      return undefined;
    }
    const nowMs = clock.now();
    const waitMs = (): number | undefined => {
      const nextMs = schedule.next(clock.now());
      return nextMs === undefined ? undefined : Math.max(1, nextMs - clock.now());
    };
    const dueMs = dueTime(cronJob, status, schedule, nowMs);
    if (dueMs === undefined) return waitMs();
    const deadline = cronJob.spec.startingDeadlineSeconds;
    if (deadline !== undefined && dueMs + deadline * 1000 < nowMs) {
      const message = `Missed scheduled time to start a job: ${new Date(dueMs).toUTCString()}`;
      recorder.event(cronJob, 'Warning', 'MissSchedule', message);
      return waitMs();
    }
    const isActive = (status.active ?? []).length > 0;
    if (cronJob.spec.concurrencyPolicy === 'Forbid' && isActive) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      recorder.event(cronJob, 'Normal', 'JobAlreadyActive', message);
      return waitMs();
    }
    if (cronJob.spec.concurrencyPolicy === 'Replace') {
      for (const reference of status.active ?? []) await deleteJob(cronJob, reference.name ?? '');
      delete status.active;
    }
    const made = await createJob(cronJob, dueMs, owned);
    if (made === undefined) return waitMs();
    const { namespace = '', name, uid, resourceVersion } = made.metadata;
    const reference: ObjectReference = { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion };
    if (!status.active?.some((each) => each.uid === uid)) status.active = [...(status.active ?? []), reference];
    status.lastScheduleTime = timestamp(dueMs);
    return waitMs();
  };

  /** The last moment that was due and not served yet. */
  const dueTime = (cronJob: CronJob, status: CronJobStatus, schedule: Schedule, nowMs: number): number | undefined => {
    let earliestMs = timeMs(status.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
    const deadline = cronJob.spec.startingDeadlineSeconds;
    if (deadline !== undefined) earliestMs = Math.max(earliestMs, nowMs - deadline * 1000);
    const lastMs = schedule.lastUpTo(nowMs);
    if (lastMs === undefined || lastMs <= earliestMs) return undefined;
    let missed = 0;
    for (let atMs = schedule.next(earliestMs); atMs !== undefined && atMs < lastMs; atMs = schedule.next(atMs)) {
      if (++missed > MISSED_MANY) break;
    }
    if (missed > MISSED_MANY) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      recorder.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    return lastMs;
  };

  const createJob = async (cronJob: CronJob, dueMs: number, owned: readonly Job[]): Promise<Job | undefined> => {
    const { namespace } = cronJob.metadata;
    const name = `${cronJob.metadata.name}-${Math.floor(dueMs / 60_000)}`;
    if (owned.some((job) => job.metadata.name === name)) return undefined;
    const { metadata = {}, spec } = cronJob.spec.jobTemplate as {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec?: Job['spec'];
    };
    const { labels } = metadata;
    try {
      const job = await client.create<Job>(kinds.jobs, {
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(labels ? { labels } : {}),
          annotations: { ...metadata.annotations, [SCHEDULED_AT]: scheduledAt(dueMs, cronJob.spec.timeZone) },
          ownerReferences: [controllerReference(cronJob)],
        },
        ...(spec === undefined ? {} : { spec }),
      });
      recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
      return job;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (error instanceof StatusError && error.reason === 'AlreadyExists') {
        const taken = await client.get<Job>(kinds.jobs, namespace, name);
        return controllerOf(taken)?.uid === cronJob.metadata.uid ? taken : undefined;
      }
      recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  };

  const deleteJob = async (cronJob: CronJob, name: string): Promise<void> => {
    try {
      const policy = { propagationPolicy: 'Background' } as const;
      await client.delete(kinds.jobs, cronJob.metadata.namespace, name, policy);
      recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return;
      recorder.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
      throw error;
    }
  };

  /** Deletes finished Jobs past the history limits, the oldest first. */
  const cleanUp = async (cronJob: CronJob, owned: readonly Job[]): Promise<void> => {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
    const limits = { Complete: successfulJobsHistoryLimit, Failed: failedJobsHistoryLimit };
    for (const [type, limit] of Object.entries(limits)) {
      const over = owned
        .filter((job) => jobCondition(job, type) !== undefined && job.metadata.deletionTimestamp === undefined)
        .sort((a, b) => timeMs(a.status.startTime) - timeMs(b.status.startTime));
      for (const job of over.slice(0, Math.max(0, over.length - limit))) await deleteJob(cronJob, job.metadata.name);
    }
  };

  const loop = controllerLoop(context, 'cronjob', [cronJobs, jobs], reconcile);
  follow(cronJobs, loop);
  jobs.onChange((now, before) => {
    const job = now ?? before;
    const owner = job === undefined ? undefined : controllerOf(job);
    if (owner?.kind === 'CronJob') loop.add(`${job?.metadata.namespace}/${owner.name}`);
  });
  return loop;
}

/** RFC 3339 with the zone's own offset, as upstream writes it. */
function scheduledAt(atMs: number, timeZone: string | undefined): string {
  if (timeZone === undefined) return timestamp(atMs);
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(atMs);
  const offset = parts.find((part) => part.type === 'timeZoneName')?.value.replace('GMT', '') ?? '';
  if (offset === '') return timestamp(atMs);
  const sign = offset.startsWith('-') ? -1 : 1;
  const [hours, minutes] = offset.slice(1).split(':').map(Number);
  const shiftedMs = atMs + sign * ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
  return timestamp(shiftedMs).replace('Z', offset);
}
