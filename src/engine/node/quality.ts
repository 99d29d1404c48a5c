import type { Pod } from '../kinds/index.ts';
import { containersOf } from './pod-spec.ts';
import { quantityValue } from './quantity.ts';

export type QualityClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** A pod's quality-of-service class (component-helpers' ComputePodQOS): cpu and memory only. */
export function qualityClass(pod: Pod): QualityClass {
  const sources = pod.spec.resources
    ? [pod.spec.resources]
    : containersOf(pod)
        .filter((place) => place.role !== 'ephemeral')
        .map((place) => place.container.resources ?? {});
  const names = ['cpu', 'memory'] as const;
  let any = false;
  let guaranteed = true;
  for (const { requests = {}, limits = {} } of sources) {
    for (const name of names) {
      const limit = quantityValue(limits[name]);
      const request = requests[name] === undefined ? limit : quantityValue(requests[name]);
      if (limit > 0 || request > 0) any = true;
      if (limit === 0 || request !== limit) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
