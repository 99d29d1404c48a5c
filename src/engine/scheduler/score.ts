import type { Pod } from '../kinds/index.ts';
import type { NodeState } from './cluster-state.ts';
import type { Views } from './filter.ts';

/** How good a node is for a pod, 0 to 100 after `spread` where given. */
export interface Score {
  readonly name: string;
  readonly weight: number;
  /** Looks at the pod once; undefined when it makes no difference. Raw scores are scaled by `normalise`. */
  prepare(pod: Pod, nodes: readonly NodeState[], all: readonly NodeState[], views: Views): NodeScore | undefined;
  /** `highest`: the largest raw score becomes 100; `lowest`: the smallest does. */
  readonly normalise?: 'highest' | 'lowest' | 'range';
}

export type NodeScore = (node: NodeState) => number;

/** The best node; of equal ones that with the fewest pods, then the first by name. */
export function bestNode(
  pod: Pod,
  feasible: readonly NodeState[],
  all: readonly NodeState[],
  views: Views,
  scores: readonly Score[],
): NodeState | undefined {
  if (feasible.length <= 1) return feasible[0];
  const totals = new Map<NodeState, number>(feasible.map((node) => [node, 0]));
  for (const score of scores) {
    const of = score.prepare(pod, feasible, all, views);
    if (of === undefined) continue;
    const raw = feasible.map(of);
    const scaled = normalised(raw, score.normalise);
    for (const [index, node] of feasible.entries()) {
      totals.set(node, (totals.get(node) ?? 0) + score.weight * (scaled[index] ?? 0));
    }
  }
  return [...feasible].sort(
    (a, b) => (totals.get(b) ?? 0) - (totals.get(a) ?? 0) || a.pods.size - b.pods.size || (a.name < b.name ? -1 : 1),
  )[0];
}

function normalised(raw: readonly number[], how: Score['normalise']): readonly number[] {
  if (how === undefined) return raw;
  const highest = Math.max(...raw);
  const lowest = Math.min(...raw);
  if (how === 'range') {
    return highest === lowest ? raw.map(() => 0) : raw.map((value) => (100 * (value - lowest)) / (highest - lowest));
  }
  if (highest === 0) return raw.map(() => (how === 'lowest' ? 100 : 0));
  return raw.map((value) => (how === 'lowest' ? 100 - (100 * value) / highest : (100 * value) / highest));
}
