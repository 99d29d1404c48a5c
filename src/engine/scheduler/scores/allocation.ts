import type { Pod } from '../../kinds/index.ts';
import type { NodeState } from '../cluster-state.ts';
import { allocatable, podRequests } from '../requests.ts';
import type { Score } from '../score.ts';

/** Upstream's stand-in for a container that asks for nothing, so that such pods spread as well. */
const SILENT_MILLI_CPU = 100;
const SILENT_MEMORY_BYTES = 200 * 1024 * 1024;

function counted(pod: Pod, name: 'cpu' | 'memory'): number {
  const asked = podRequests(pod)[name];
  return asked || (name === 'cpu' ? SILENT_MILLI_CPU : SILENT_MEMORY_BYTES) * pod.spec.containers.length;
}

/** The share of a node's resource in use with the pod on it, 0 to 1. */
function used(pod: Pod, node: NodeState, name: 'cpu' | 'memory'): number {
  const total = allocatable(node.node)[name] ?? 0;
  if (total === 0) return 1;
  let sum = counted(pod, name);
  for (const other of node.pods.values()) sum += counted(other, name);
  return Math.min(1, sum / total);
}

/** NodeResourcesFit, least allocated: the emptier the better. */
export const leastAllocated: Score = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare: (pod) => (node) => 50 * (1 - used(pod, node, 'cpu')) + 50 * (1 - used(pod, node, 'memory')),
};

/** Cpu and memory should run out together. */
export const balancedAllocation: Score = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare(pod) {
    const asked = podRequests(pod);
    if (!asked.cpu && !asked.memory) return undefined;
    // The standard deviation of two shares is half their distance.
    return (node) => 100 * (1 - Math.abs(used(pod, node, 'cpu') - used(pod, node, 'memory')) / 2);
  },
};
