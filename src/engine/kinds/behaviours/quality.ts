import type { PodSpec } from '../generated/types.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';

const COUNTED = ['cpu', 'memory'];

/** A pod's quality of service: Guaranteed when every container's limits equal its requests, BestEffort with none. */
export function quality(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const own = spec.resources;
  const all =
    own && (positive(own.requests).length > 0 || positive(own.limits).length > 0)
      ? [own]
      : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources ?? {});
  if (all.every(({ requests, limits }) => positive(requests).length === 0 && positive(limits).length === 0)) {
    return 'BestEffort';
  }
  const guaranteed = all.every(({ requests, limits }) =>
    COUNTED.every((name) => {
      const limit = limits?.[name];
      if (limit === undefined || parseQuantity(limit).value === 0n) return false;
      const request = requests?.[name];
      return request === undefined || compareQuantity(request, limit) === 0;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function positive(list: Readonly<Record<string, string | number>> | undefined): string[] {
  return COUNTED.filter((name) => {
    const quantity = list?.[name];
    return quantity !== undefined && parseQuantity(quantity).value > 0n;
  });
}
