import { matchesSelector, type Pod, type PodDisruptionBudget } from '../kinds/index.ts';
import { NodeState } from './cluster-state.ts';
import type { Refusal, Views } from './filter.ts';
import { countReasons, type Fit, fit } from './fit.ts';

export interface Preemption {
  readonly node: NodeState | undefined;
  readonly victims: readonly Pod[];
  /** What to say when nothing could be done. */
  readonly message: string;
}

interface Candidate {
  node: NodeState;
  victims: Pod[];
  violations: number;
}

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0;
const startOf = (pod: Pod): number => Date.parse(pod.status.startTime ?? '') || Number.POSITIVE_INFINITY;
/** Least important first. */
const byImportance = (a: Pod, b: Pod): number => priorityOf(a) - priorityOf(b) || startOf(b) - startOf(a);

/**
 * Finds the node where the fewest and least important pods would have to go for this one (upstream's DefaultPreemption):
 * all pods of lower priority are taken away in thought, then put back from the most important down while it still fits.
 */
export function preempt(
  pod: Pod,
  found: Fit,
  nodes: readonly NodeState[],
  views: Views,
  budgets: readonly PodDisruptionBudget[],
): Preemption {
  const prefix = 'no new claims to deallocate, preemption: ';
  const none = (message: string): Preemption => ({ node: undefined, victims: [], message: `${prefix}${message}` });
  if (pod.spec.preemptionPolicy === 'Never') return none('not eligible due to preemptionPolicy=Never.');
  const nominated = nodes.find((node) => node.name === pod.status.nominatedNodeName);
  const leaving =
    nominated !== undefined &&
    found.refusals.get(nominated)?.final !== true &&
    [...nominated.pods.values()].some(
      (other) => other.metadata.deletionTimestamp !== undefined && priorityOf(other) < priorityOf(pod),
    );
  if (leaving) return none('not eligible due to terminating pod on the nominated node.');
  if (found.everywhere !== undefined) {
    return none(`0/${nodes.length} nodes are available: ${nodes.length} Preemption is not helpful for scheduling.`);
  }
  const outcomes: Refusal[] = [];
  const candidates: Candidate[] = [];
  for (const node of nodes) {
    const refusal = found.refusals.get(node);
    if (refusal === undefined) continue;
    if (refusal.final) {
      outcomes.push({ reasons: ['Preemption is not helpful for scheduling'], final: true });
      continue;
    }
    const candidate = candidateOn(node, pod, nodes, views, budgets);
    if (candidate === undefined) {
      outcomes.push({ reasons: ['No preemption victims found for incoming pod'], final: false });
    } else candidates.push(candidate);
  }
  const best = candidates.sort(better)[0];
  if (best !== undefined) return { node: best.node, victims: best.victims, message: '' };
  return none(`0/${nodes.length} nodes are available: ${countReasons(outcomes)}.`);
}

function candidateOn(
  node: NodeState,
  pod: Pod,
  nodes: readonly NodeState[],
  views: Views,
  budgets: readonly PodDisruptionBudget[],
): Candidate | undefined {
  const lower = [...node.pods.values()].filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return undefined;
  const thought = new NodeState(node.node, node.pods.values());
  const imagined = nodes.map((other) => (other === node ? thought : other));
  const fits = () => {
    const again = fit(pod, imagined, views);
    return again.everywhere === undefined && again.feasible.includes(thought);
  };
  for (const victim of lower) thought.remove(victim.metadata.uid);
  if (!fits()) return undefined;
  const { violating, others } = splitByBudget(lower, budgets);
  const victims: Pod[] = [];
  let violations = 0;
  const keepOrNot = (victim: Pod): boolean => {
    thought.add(victim);
    if (fits()) return true;
    thought.remove(victim.metadata.uid);
    victims.push(victim);
    return false;
  };
  // Those that a budget protects are put back first.
  for (const victim of violating.sort(byImportance).reverse()) if (!keepOrNot(victim)) violations++;
  for (const victim of others.sort(byImportance).reverse()) keepOrNot(victim);
  return victims.length === 0 ? undefined : { node, victims, violations };
}

function splitByBudget(
  pods: readonly Pod[],
  budgets: readonly PodDisruptionBudget[],
): { violating: Pod[]; others: Pod[] } {
  const left = new Map(budgets.map((budget) => [budget, budget.status.disruptionsAllowed ?? 0]));
  const violating: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of [...pods].sort(byImportance).reverse()) {
    let over = false;
    for (const [budget, allowed] of left) {
      if (budget.metadata.namespace !== pod.metadata.namespace) continue;
      if (!matchesSelector(budget.spec.selector, pod.metadata.labels)) continue;
      if (budget.status.disruptedPods?.[pod.metadata.name] !== undefined) continue;
      left.set(budget, allowed - 1);
      if (allowed <= 0) over = true;
    }
    (over ? violating : others).push(pod);
  }
  return { violating, others };
}

/** Fewest budgets broken, then the least important victims, then the fewest. */
function better(a: Candidate, b: Candidate): number {
  const highest = (candidate: Candidate) => Math.max(...candidate.victims.map(priorityOf));
  const total = (candidate: Candidate) => candidate.victims.reduce((sum, pod) => sum + priorityOf(pod) + 2 ** 31, 0);
  const earliest = (candidate: Candidate) => Math.min(...candidate.victims.map(startOf));
  return (
    a.violations - b.violations ||
    highest(a) - highest(b) ||
    total(a) - total(b) ||
    a.victims.length - b.victims.length ||
    earliest(b) - earliest(a) ||
    0
  );
}
