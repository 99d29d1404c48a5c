import { type Filter, refuseForGood } from '../filter.ts';
import { matchesPodsNodeRules, tolerates, untolerated } from '../node-selector.ts';

const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** spec.unschedulable (cordon), unless tolerated. */
export const nodeUnschedulable: Filter = {
  name: 'NodeUnschedulable',
  relief: ['node'],
  prepare(pod) {
    if (tolerates(pod.spec.tolerations, UNSCHEDULABLE)) return undefined;
    return ({ node }) => (node.spec.unschedulable ? refuseForGood('node(s) were unschedulable') : undefined);
  },
};

export const nodeName: Filter = {
  name: 'NodeName',
  relief: ['node'],
  prepare(pod) {
    const wanted = pod.spec.nodeName;
    if (!wanted) return undefined;
    return ({ name }) => (name === wanted ? undefined : refuseForGood("node(s) didn't match the requested node name"));
  },
};

export const taints: Filter = {
  name: 'TaintToleration',
  relief: ['node'],
  prepare: (pod) => (state) =>
    untolerated(pod, state.node) === undefined ? undefined : refuseForGood('node(s) had untolerated taint(s)'),
};

/** nodeSelector and required node affinity. */
export const nodeAffinity: Filter = {
  name: 'NodeAffinity',
  relief: ['node'],
  prepare(pod) {
    const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (required === undefined && Object.keys(pod.spec.nodeSelector ?? {}).length === 0) return undefined;
    return ({ node }) =>
      matchesPodsNodeRules(pod, node) ? undefined : refuseForGood("node(s) didn't match Pod's node affinity/selector");
  },
};
