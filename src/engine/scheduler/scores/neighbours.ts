import type { Pod, WeightedPodAffinityTerm } from '../../kinds/index.ts';
import type { NodeState } from '../cluster-state.ts';
import type { Views } from '../filter.ts';
import { termMatcher } from '../filters/inter-pod-affinity.ts';
import { spreadMatcher } from '../filters/topology-spread.ts';
import type { Score } from '../score.ts';

type Domains = Map<string, Map<string, number>>;

function addTo(domains: Domains, node: NodeState, key: string, weight: number): void {
  const value = node.label(key);
  if (value === undefined || weight === 0) return;
  const counts = domains.get(key) ?? new Map<string, number>();
  counts.set(value, (counts.get(value) ?? 0) + weight);
  domains.set(key, counts);
}

/** Preferred affinity and anti-affinity: the pod's own towards those there, and theirs towards it. */
export const neighbours: Score = {
  name: 'InterPodAffinity',
  weight: 2,
  normalise: 'range',
  prepare(pod, _feasible, all, views) {
    const domains: Domains = new Map();
    const own = preferred(pod);
    for (const node of all) {
      for (const other of node.pods.values()) {
        for (const { term, sign } of own) {
          if (termMatcher(term.podAffinityTerm, pod, views)(other)) {
            addTo(domains, node, term.podAffinityTerm.topologyKey, sign * term.weight);
          }
        }
        addTheirs(domains, node, other, pod, views);
      }
    }
    if (domains.size === 0) return undefined;
    return (node) => {
      let sum = 0;
      for (const [key, counts] of domains) sum += counts.get(node.label(key) ?? '') ?? 0;
      return sum;
    };
  },
};

function preferred(pod: Pod): { term: WeightedPodAffinityTerm; sign: number }[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  return [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({ term, sign: 1 })),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({ term, sign: -1 })),
  ];
}

function addTheirs(domains: Domains, node: NodeState, other: Pod, pod: Pod, views: Views): void {
  if (other.spec.affinity === undefined) return;
  for (const { term, sign } of preferred(other)) {
    if (termMatcher(term.podAffinityTerm, other, views)(pod)) {
      addTo(domains, node, term.podAffinityTerm.topologyKey, sign * term.weight);
    }
  }
  // Required affinity of those there counts as a wish of weight 1 (upstream's hardPodAffinityWeight).
  for (const term of other.spec.affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (termMatcher(term, other, views)(pod)) addTo(domains, node, term.topologyKey, 1);
  }
}

/** topologySpreadConstraints that should be kept (ScheduleAnyway); fewer matching pods in a node's domains is better. */
export const spread: Score = {
  name: 'PodTopologySpread',
  weight: 2,
  normalise: 'lowest',
  prepare(pod, _feasible, all) {
    const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
      (constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway',
    );
    if (constraints.length === 0) return undefined;
    const counted = constraints.map((constraint) => {
      const matches = spreadMatcher(constraint, pod);
      const domains: Domains = new Map();
      const seen = new Set<string>();
      for (const node of all) {
        const value = node.label(constraint.topologyKey);
        if (value !== undefined) seen.add(value);
        const count = [...node.pods.values()].filter(matches).length;
        addTo(domains, node, constraint.topologyKey, count);
      }
      // Upstream weighs a constraint by the logarithm of how many domains it has.
      const weight = Math.log(seen.size + 2);
      return { constraint, counts: domains.get(constraint.topologyKey), weight };
    });
    return (node) =>
      counted.reduce((sum, { constraint, counts, weight }) => {
        const value = node.label(constraint.topologyKey);
        return sum + (value === undefined ? 0 : (counts?.get(value) ?? 0) * weight + constraint.maxSkew - 1);
      }, 0);
  },
};
