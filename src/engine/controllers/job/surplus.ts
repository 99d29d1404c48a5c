import type { Job, Pod } from '../../kinds/index.ts';
import { deletionOrder } from '../pod-state.ts';
import { type Account, isIndexed } from './accounting.ts';
import { completionIndex } from './indexes.ts';

/** Too many: of an Indexed Job first those whose index is served twice or done, then by the usual order. */
export function surplusPods(job: Job, counts: Account, wanted: number, nowMs: number): Pod[] {
  const surplus = counts.active.length - wanted;
  const order = deletionOrder(() => 0, nowMs);
  if (!isIndexed(job)) return surplus > 0 ? [...counts.active].sort(order).slice(0, surplus) : [];
  const kept = new Map<number, Pod>();
  const doomed: Pod[] = [];
  for (const pod of [...counts.active].sort(order).reverse()) {
    const index = completionIndex(pod);
    const useless =
      index < 0 ||
      index >= (job.spec.completions ?? 0) ||
      kept.has(index) ||
      counts.succeededIndexes.has(index) ||
      counts.failedIndexes.has(index);
    if (useless) doomed.push(pod);
    else kept.set(index, pod);
  }
  const rest = [...kept].sort(([a], [b]) => b - a).map(([, pod]) => pod);
  return [...doomed, ...rest.slice(0, Math.max(0, surplus - doomed.length))];
}
