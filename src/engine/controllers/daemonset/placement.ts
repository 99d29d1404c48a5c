import type { DaemonSet, Draft, Node, NodeSelectorTerm, Pod, Toleration } from '../../kinds/index.ts';
import { allowsNode, toleratesTaint } from '../node-fit.ts';

/** Tolerations every daemon pod has: what befalls a node is no reason for its daemons to leave. */
const ALWAYS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const WITH_HOST_NETWORK: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export function daemonTolerations(set: DaemonSet): Toleration[] {
  const { tolerations = [], hostNetwork } = set.spec.template.spec ?? {};
  const own = hostNetwork ? [...ALWAYS, WITH_HOST_NETWORK] : ALWAYS;
  const missing = own.filter(
    (each) => !tolerations.some((given) => given.key === each.key && given.effect === each.effect),
  );
  return [...tolerations, ...missing];
}

/** Whether a node should have a pod of the set, and whether one that is there may stay. */
export function shouldRun(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  if (!allowsNode(set.spec.template, node)) return { run: false, stay: false };
  const tolerations = daemonTolerations(set);
  const untolerated = (node.spec.taints ?? []).filter((taint) => !toleratesTaint(tolerations, taint));
  const noExecute = untolerated.some((taint) => taint.effect === 'NoExecute');
  const noSchedule = untolerated.some((taint) => taint.effect === 'NoSchedule');
  return { run: !noExecute && !noSchedule, stay: !noExecute };
}

/** Ties a pod to one node by affinity, so that the scheduler still has its say about resources. */
export function tiedTo(nodeName: string, set: DaemonSet): (draft: Draft<Pod>) => Draft<Pod> {
  const field = { key: 'metadata.name', operator: 'In', values: [nodeName] };
  return (draft) => {
    if (draft.spec === undefined) return draft;
    const { affinity } = draft.spec;
    // In place of the template's own terms: those were checked when the node was chosen.
    const terms: NodeSelectorTerm[] = [{ matchFields: [field] }];
    const nodeAffinity = {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    };
    return {
      ...draft,
      spec: { ...draft.spec, affinity: { ...affinity, nodeAffinity }, tolerations: daemonTolerations(set) },
    };
  };
}

/** The node a daemon pod is on, or is meant for while it has none. */
export function targetNode(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const term of terms ?? []) {
    for (const field of term.matchFields ?? []) {
      if (field.key === 'metadata.name' && field.operator === 'In') return field.values?.[0] ?? '';
    }
  }
  return '';
}
