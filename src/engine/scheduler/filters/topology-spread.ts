import { labelMatcher, type Pod, type TopologySpreadConstraint } from '../../kinds/index.ts';
import type { NodeState } from '../cluster-state.ts';
import { type Filter, refuse, refuseForGood } from '../filter.ts';
import { matchesPodsNodeRules, untolerated } from '../node-selector.ts';

/** Whether a constraint counts a pod. matchLabelKeys takes further values from the incoming pod's own labels. */
export function spreadMatcher(constraint: TopologySpreadConstraint, pod: Pod): (candidate: Pod) => boolean {
  const labels = labelMatcher(constraint.labelSelector);
  const keys = (constraint.matchLabelKeys ?? []).filter((key) => pod.metadata.labels?.[key] !== undefined);
  return (candidate) =>
    candidate.metadata.namespace === pod.metadata.namespace &&
    candidate.metadata.deletionTimestamp === undefined &&
    labels(candidate.metadata.labels) &&
    keys.every((key) => candidate.metadata.labels?.[key] === pod.metadata.labels?.[key]);
}

/** Whether a node takes part in a constraint's count. */
export function countsNode(constraint: TopologySpreadConstraint, pod: Pod, node: NodeState): boolean {
  if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesPodsNodeRules(pod, node.node)) return false;
  return (constraint.nodeTaintsPolicy ?? 'Ignore') === 'Ignore' || untolerated(pod, node.node) === undefined;
}

/** topologySpreadConstraints that must be kept. */
export const topologySpread: Filter = {
  name: 'PodTopologySpread',
  relief: ['node', 'podGone', 'podPlaced'],
  prepare(pod, nodes) {
    const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
      (constraint) => constraint.whenUnsatisfiable === 'DoNotSchedule',
    );
    if (constraints.length === 0) return undefined;
    const eligible = nodes.filter((node) =>
      constraints.every(({ topologyKey }) => node.label(topologyKey) !== undefined),
    );
    const checks = constraints.map((constraint) => {
      const matches = spreadMatcher(constraint, pod);
      const counts = new Map<string, number>();
      for (const node of eligible) {
        const domain = node.label(constraint.topologyKey);
        if (domain === undefined || !countsNode(constraint, pod, node)) continue;
        let count = counts.get(domain) ?? 0;
        for (const other of node.pods.values()) if (matches(other)) count++;
        counts.set(domain, count);
      }
      // Fewer domains than asked for: the missing ones count as empty.
      const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
      return { constraint, counts, least, self: matches(pod) ? 1 : 0 };
    });
    return (node) => {
      for (const { constraint, counts, least, self } of checks) {
        const domain = node.label(constraint.topologyKey);
        if (domain === undefined) {
          return refuseForGood("node(s) didn't match pod topology spread constraints (missing required label)");
        }
        if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) {
          return refuse("node(s) didn't match pod topology spread constraints");
        }
      }
      return undefined;
    };
  },
};
