import type { Filter } from './filter.ts';
import { interPodAffinity } from './filters/inter-pod-affinity.ts';
import { nodeAffinity, nodeName, nodeUnschedulable, taints } from './filters/node-rules.ts';
import { ports } from './filters/ports.ts';
import { resources } from './filters/resources.ts';
import { topologySpread } from './filters/topology-spread.ts';
import { volumeRestrictions, volumes } from './filters/volumes.ts';

/** In upstream's order: the first to refuse a node is the one whose reason is told. */
export const FILTERS: readonly Filter[] = [
  nodeUnschedulable,
  nodeName,
  taints,
  nodeAffinity,
  ports,
  resources,
  volumeRestrictions,
  volumes,
  topologySpread,
  interPodAffinity,
];
