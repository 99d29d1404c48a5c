import { matchesTerm, tolerates } from '../node-selector.ts';
import type { Score } from '../score.ts';

/** Fewer PreferNoSchedule taints that the pod does not tolerate. */
export const taintPreference: Score = {
  name: 'TaintToleration',
  weight: 3,
  normalise: 'lowest',
  prepare: (pod) => (node) =>
    (node.node.spec.taints ?? []).filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod.spec.tolerations, taint),
    ).length,
};

/** Weights of the preferred node affinity terms that match. */
export const nodePreference: Score = {
  name: 'NodeAffinity',
  weight: 2,
  normalise: 'highest',
  prepare(pod) {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (terms.length === 0) return undefined;
    return ({ node }) =>
      terms.reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0);
  },
};

const SMALLEST_BYTES = 23 * 1024 * 1024;
const LARGEST_BYTES = 1000 * 1024 * 1024;

/** Nodes that have the pod's images already; the more bytes saved the better, less where few nodes have them. */
export const imageLocality: Score = {
  name: 'ImageLocality',
  weight: 1,
  prepare(pod, _feasible, all) {
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const names = containers.map((container) => withTag(container.image ?? ''));
    const having = new Map<string, number>();
    for (const { node } of all) {
      for (const image of node.status.images ?? []) {
        for (const name of image.names ?? []) having.set(name, (having.get(name) ?? 0) + 1);
      }
    }
    const most = LARGEST_BYTES * containers.length;
    return ({ node }) => {
      let sum = 0;
      for (const image of node.status.images ?? []) {
        const name = names.find((wanted) => image.names?.includes(wanted));
        if (name !== undefined) sum += (image.sizeBytes ?? 0) * ((having.get(name) ?? 0) / all.length);
      }
      return (100 * (Math.min(Math.max(sum, SMALLEST_BYTES), most) - SMALLEST_BYTES)) / (most - SMALLEST_BYTES);
    };
  },
};

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
