import type { Job } from '../../kinds/index.ts';
import { parseIndexes } from './indexes.ts';

/** The message of the first rule of spec.successPolicy that the succeeded indexes meet. */
export function matchSuccessPolicy(job: Job, succeeded: ReadonlySet<number>): string | undefined {
  const completions = job.spec.completions ?? 0;
  for (const [index, rule] of (job.spec.successPolicy?.rules ?? []).entries()) {
    const wanted = rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, completions);
    const counted = wanted === undefined ? succeeded.size : [...wanted].filter((each) => succeeded.has(each)).length;
    const needed = rule.succeededCount ?? wanted?.size ?? completions;
    if (counted >= needed) return `Matched rules at index ${index}`;
  }
  return undefined;
}
