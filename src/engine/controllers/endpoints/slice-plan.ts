import type { DiscoveryEndpointPort, Endpoint, EndpointSlice } from '../../kinds/index.ts';
import { semanticEqual } from '../equality.ts';
import { orderedJson } from '../template-hash.ts';

const ENDPOINTS_A_SLICE_MAX = 100;

/** Endpoints that share a family and ports: what one slice can hold. */
export interface SliceContent {
  addressType: string;
  ports: DiscoveryEndpointPort[];
  endpoints: Endpoint[];
}

export interface SlicePlan {
  create: SliceContent[];
  update: { slice: EndpointSlice; content: SliceContent }[];
  remove: EndpointSlice[];
}

const endpointKey = (endpoint: Endpoint): string =>
  `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses.join(' ')} ${endpoint.hostname ?? ''}`;
const groupKey = (addressType: string, ports: readonly DiscoveryEndpointPort[] | undefined): string =>
  `${addressType} ${orderedJson([...(ports ?? [])].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)))}`;

/**
 * How to get from the slices there are to the wanted content with few writes: endpoints stay where they are, new ones
 * fill slices that change anyway, then those with room, then new slices.
 */
export function planSlices(
  existing: readonly EndpointSlice[],
  wanted: readonly SliceContent[],
  isCurrent: (slice: EndpointSlice) => boolean,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const groups = new Map(wanted.map((content) => [groupKey(content.addressType, content.ports), content]));
  const slicesOf = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports);
    if (!groups.has(key)) plan.remove.push(slice);
    else slicesOf.set(key, [...(slicesOf.get(key) ?? []), slice]);
  }
  for (const [key, content] of groups) planGroup(plan, slicesOf.get(key) ?? [], content, isCurrent);
  return plan;
}

function planGroup(
  plan: SlicePlan,
  slices: readonly EndpointSlice[],
  content: SliceContent,
  isCurrent: (slice: EndpointSlice) => boolean,
): void {
  const { addressType, ports } = content;
  const missing = new Map(content.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const kept: { slice: EndpointSlice; endpoints: Endpoint[]; changed: boolean }[] = [];
  for (const slice of slices) {
    const endpoints: Endpoint[] = [];
    let changed = !isCurrent(slice);
    for (const endpoint of slice.endpoints ?? []) {
      const key = endpointKey(endpoint);
      const now = missing.get(key);
      missing.delete(key);
      if (now === undefined || !semanticEqual(now, endpoint)) changed = true;
      if (now !== undefined) endpoints.push(now);
    }
    kept.push({ slice, endpoints, changed });
  }
  const fresh = [...missing.values()];
  const roomy = [...kept].sort(
    (a, b) => Number(b.changed) - Number(a.changed) || b.endpoints.length - a.endpoints.length,
  );
  for (const entry of roomy) {
    const room = ENDPOINTS_A_SLICE_MAX - entry.endpoints.length;
    if (room <= 0 || fresh.length === 0) continue;
    entry.endpoints.push(...fresh.splice(0, room));
    entry.changed = true;
  }
  while (fresh.length > 0) plan.create.push({ addressType, ports, endpoints: fresh.splice(0, ENDPOINTS_A_SLICE_MAX) });
  const total = content.endpoints.length;
  const placeholder = total === 0 ? kept[0] : undefined;
  for (const entry of kept) {
    if (entry.endpoints.length === 0 && entry !== placeholder) plan.remove.push(entry.slice);
    else if (entry.changed) {
      plan.update.push({ slice: entry.slice, content: { addressType, ports, endpoints: entry.endpoints } });
    }
  }
  // A Service without endpoints keeps one empty slice, so that it is seen to have none.
  if (total === 0 && placeholder === undefined) plan.create.push({ addressType, ports, endpoints: [] });
}
