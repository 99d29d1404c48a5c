import type { Job, Pod } from '../../kinds/index.ts';
import { timeMs } from '../timestamps.ts';
import { type Account, isIndexed, pastLimitByRestarts } from './accounting.ts';
import { failure, success, type Verdict } from './job-conditions.ts';
import { matchSuccessPolicy } from './success-policy.ts';

/** Whether the Job has to end, for reasons other than that all is done. */
export function judge(job: Job, owned: readonly Pod[], counts: Account, nowMs: number): Verdict | undefined {
  const { backoffLimit = 6, activeDeadlineSeconds, maxFailedIndexes, suspend } = job.spec;
  if (counts.policyMessage !== undefined) return failure('PodFailurePolicy', counts.policyMessage);
  const newFailures = counts.failed > (job.status.failed ?? 0);
  if ((newFailures && counts.failed > backoffLimit) || pastLimitByRestarts(job, owned)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const startMs = timeMs(job.status.startTime);
  if (activeDeadlineSeconds !== undefined && !suspend && startMs + activeDeadlineSeconds * 1000 <= nowMs) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  if (maxFailedIndexes !== undefined && counts.failedIndexes.size > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  const met = isIndexed(job) ? matchSuccessPolicy(job, counts.succeededIndexes) : undefined;
  return met === undefined ? undefined : success('SuccessPolicy', met);
}

/** Whether all is done. */
export function complete(job: Job, counts: Account, active: number): Verdict | undefined {
  const { completions } = job.spec;
  const reached = success('CompletionsReached', 'Reached expected number of succeeded pods');
  if (completions === undefined) return counts.succeeded > 0 && active === 0 ? reached : undefined;
  if (counts.failedIndexes.size > 0) {
    const over = counts.succeeded + counts.failedIndexes.size >= completions && active === 0;
    return over ? failure('FailedIndexes', 'Job has failed indexes') : undefined;
  }
  return counts.succeeded >= completions && active === 0 ? reached : undefined;
}
