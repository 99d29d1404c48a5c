import type { Pod } from '../kinds/index.ts';
import type { NodeState } from './cluster-state.ts';
import type { NodeCheck, Refusal, Relief, Views } from './filter.ts';
import { FILTERS } from './filters.ts';

/** Where a pod fits, and why not elsewhere. */
export interface Fit {
  readonly feasible: readonly NodeState[];
  readonly refusals: ReadonlyMap<NodeState, Refusal>;
  /** A refusal of the pod as such, whatever the node. */
  readonly everywhere: Refusal | undefined;
  /** What can undo the refusals. */
  readonly relief: ReadonlySet<Relief>;
}

const NODES_ALWAYS_LOOKED_AT = 100;
const SHARE_LEAST = 0.05;

/** Upstream's numFeasibleNodesToFind: in a large cluster enough is enough. */
function enough(nodeCount: number): number {
  if (nodeCount <= NODES_ALWAYS_LOOKED_AT) return nodeCount;
  const share = Math.max(SHARE_LEAST, 0.5 - nodeCount / 125 / 100);
  return Math.max(NODES_ALWAYS_LOOKED_AT, Math.floor(nodeCount * share));
}

/** Runs the filters. `start` is the node to begin with, so that in a large cluster all get their turn. */
export function fit(pod: Pod, nodes: readonly NodeState[], views: Views, start = 0): Fit {
  const refusals = new Map<NodeState, Refusal>();
  const relief = new Set<Relief>();
  const checks: { check: NodeCheck; relief: readonly Relief[] }[] = [];
  for (const filter of FILTERS) {
    const prepared = filter.prepare(pod, nodes, views);
    if (prepared === undefined) continue;
    if (typeof prepared === 'function') checks.push({ check: prepared, relief: filter.relief });
    else return { feasible: [], refusals, everywhere: prepared, relief: new Set(filter.relief) };
  }
  const feasible: NodeState[] = [];
  const wanted = enough(nodes.length);
  for (let step = 0; step < nodes.length && feasible.length < wanted; step++) {
    const node = nodes[(start + step) % nodes.length];
    if (node === undefined) continue;
    let refusal: Refusal | undefined;
    for (const entry of checks) {
      refusal = entry.check(node);
      if (refusal === undefined) continue;
      for (const each of entry.relief) relief.add(each);
      break;
    }
    if (refusal === undefined) feasible.push(node);
    else refusals.set(node, refusal);
  }
  // A new node helps whoever found no place.
  relief.add('node');
  return { feasible, refusals, everywhere: undefined, relief };
}

/** Upstream's FitError: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function fitMessage(found: Fit, nodeCount: number, preemption: string): string {
  let reasons = '';
  if (found.everywhere !== undefined) reasons = `: ${found.everywhere.reasons.join(', ')}.`;
  else if (found.refusals.size > 0) reasons = `: ${countReasons(found.refusals.values())}.`;
  const after = preemption === '' ? '' : ` ${preemption}`;
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  return `0/${nodeCount} nodes are available${reasons}${after}`;
}

export function countReasons(refusals: Iterable<Refusal>): string {
  const counts = new Map<string, number>();
  for (const { reasons } of refusals) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(', ');
}
