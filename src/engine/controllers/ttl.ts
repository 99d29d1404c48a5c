import type { Running } from '../client/index.ts';
import { kinds } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow, splitKey } from './controller.ts';
import { jobCondition } from './job/job-conditions.ts';
import { orMissing } from './ownership.ts';
import { timeMs } from './timestamps.ts';

/** Deletes finished Jobs spec.ttlSecondsAfterFinished after their end. */
export function startTtlAfterFinished(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const jobs = informers.of(kinds.jobs);

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const job = jobs.get(namespace, name);
    const ttl = job?.spec.ttlSecondsAfterFinished;
    if (job === undefined || ttl === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
    const finished = jobCondition(job, 'Complete') ?? jobCondition(job, 'Failed');
    if (finished === undefined) return undefined;
    const leftMs = timeMs(finished.lastTransitionTime) + ttl * 1000 - clock.now();
    if (leftMs > 0) return leftMs;
    const { uid, resourceVersion } = job.metadata;
    const options = { propagationPolicy: 'Foreground', uid, resourceVersion } as const;
    await orMissing(client.delete(kinds.jobs, namespace, name, options));
    return undefined;
  };

  const loop = controllerLoop(context, 'ttl-after-finished', [jobs], reconcile);
  follow(jobs, loop);
  return loop;
}
