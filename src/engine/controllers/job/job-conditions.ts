import type { Job, JobCondition } from '../../kinds/index.ts';

export function jobCondition(job: Job, type: string): JobCondition | undefined {
  return job.status.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isJobFinished(job: Job): boolean {
  return jobCondition(job, 'Complete') !== undefined || jobCondition(job, 'Failed') !== undefined;
}

/** Why a Job is to end: said first as a target, and as Complete or Failed once all its pods are gone or counted. */
export interface Verdict {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

export function failure(reason: string, message: string): Verdict {
  return { type: 'FailureTarget', reason, message };
}

export function success(reason: string, message: string): Verdict {
  return { type: 'SuccessCriteriaMet', reason, message };
}

/** The verdict that a status carries already. */
export function writtenVerdict(job: Job): Verdict | undefined {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const found = jobCondition(job, type);
    if (found !== undefined) return { type, reason: found.reason ?? '', message: found.message ?? '' };
  }
  return undefined;
}

/** The conditions with one set; one that says the same already stays as it is. */
export function withJobCondition(
  conditions: readonly JobCondition[],
  next: { type: string; status: 'True' | 'False'; reason: string; message: string },
  now: string,
): JobCondition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current?.status === next.status && current.reason === next.reason && current.message === next.message) {
    return [...conditions];
  }
  const made = { ...next, lastProbeTime: now, lastTransitionTime: now };
  if (current === undefined) return [...conditions, made];
  return conditions.map((condition) => (condition === current ? made : condition));
}
