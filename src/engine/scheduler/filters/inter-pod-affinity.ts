import { labelMatcher, type Pod, type PodAffinityTerm } from '../../kinds/index.ts';
import type { NodeState } from '../cluster-state.ts';
import { type Filter, refuse, refuseForGood, type Views } from '../filter.ts';

/** Whether a term of `owner` speaks of `candidate`. */
export function termMatcher(term: PodAffinityTerm, owner: Pod, views: Views): (candidate: Pod) => boolean {
  const labels = labelMatcher(term.labelSelector);
  const named = new Set(term.namespaces ?? []);
  const byLabels = term.namespaceSelector === undefined ? undefined : labelMatcher(term.namespaceSelector);
  if (named.size === 0 && byLabels === undefined) named.add(owner.metadata.namespace ?? '');
  return (candidate) => {
    const namespace = candidate.metadata.namespace ?? '';
    if (!named.has(namespace)) {
      const found = byLabels && views.namespaces.get(undefined, namespace);
      if (!found || !byLabels(found.metadata.labels)) return false;
    }
    return labels(candidate.metadata.labels);
  };
}

/** How many matching pods there are under each value of the topology key. */
function countByDomain(nodes: readonly NodeState[], key: string, matches: (pod: Pod) => boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const domain = node.label(key);
    if (domain === undefined) continue;
    for (const pod of node.pods.values()) {
      if (matches(pod)) counts.set(domain, (counts.get(domain) ?? 0) + 1);
    }
  }
  return counts;
}

/** Domains closed to the pod by the required anti-affinity of pods already there. */
function closedDomains(pod: Pod, nodes: readonly NodeState[], views: Views): Map<string, Set<string>> {
  const closed = new Map<string, Set<string>>();
  for (const node of nodes) {
    for (const other of node.pods.values()) {
      const terms = other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      for (const term of terms ?? []) {
        const domain = node.label(term.topologyKey);
        if (domain === undefined || !termMatcher(term, other, views)(pod)) continue;
        const domains = closed.get(term.topologyKey) ?? new Set<string>();
        domains.add(domain);
        closed.set(term.topologyKey, domains);
      }
    }
  }
  return closed;
}

/** Required affinity and anti-affinity between pods, in both directions. */
export const interPodAffinity: Filter = {
  name: 'InterPodAffinity',
  relief: ['node', 'podGone', 'podPlaced', 'namespace'],
  prepare(pod, nodes, views) {
    const wants = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const avoids = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const closed = closedDomains(pod, nodes, views);
    if (wants.length === 0 && avoids.length === 0 && closed.size === 0) return undefined;
    const wantMatchers = wants.map((term) => termMatcher(term, pod, views));
    // All terms must speak of the same pod.
    const matchesAll = (candidate: Pod) => wantMatchers.every((matches) => matches(candidate));
    const wantCounts = wants.map((term) => countByDomain(nodes, term.topologyKey, matchesAll));
    const avoidCounts = avoids.map((term) => countByDomain(nodes, term.topologyKey, termMatcher(term, pod, views)));
    // The first pod of a group that wants its own kind may go anywhere with the right labels.
    const isFirst = wantCounts.every((counts) => counts.size === 0) && matchesAll(pod);
    return (node) => {
      for (const [index, term] of wants.entries()) {
        const domain = node.label(term.topologyKey);
        const met = domain !== undefined && (isFirst || (wantCounts[index]?.get(domain) ?? 0) > 0);
        if (!met) return refuseForGood("node(s) didn't match pod affinity rules");
      }
      for (const [index, term] of avoids.entries()) {
        const domain = node.label(term.topologyKey);
        if (domain !== undefined && (avoidCounts[index]?.get(domain) ?? 0) > 0) {
          return refuse("node(s) didn't match pod anti-affinity rules");
        }
      }
      for (const [key, domains] of closed) {
        const domain = node.label(key);
        if (domain !== undefined && domains.has(domain)) {
          return refuse("node(s) didn't satisfy existing pods anti-affinity rules");
        }
      }
      return undefined;
    };
  },
};
