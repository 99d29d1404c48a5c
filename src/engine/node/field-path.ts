import type { Pod, ResourceFieldSelector } from '../kinds/index.ts';
import { findContainer } from './pod-spec.ts';
import { quantityIn, quantityValue } from './quantity.ts';

/** What the downward API needs to know besides the pod. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly nodeAddress: string;
  /** The pod's own address, known once its network is. */
  readonly podAddress: string | undefined;
  readonly allocatable: Readonly<Record<string, number>>;
}

/** The value of a fieldRef (`metadata.labels['app']`, `status.podIP`); undefined for a path that means nothing. */
export function fieldValue(pod: Pod, path: string, facts: NodeFacts): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) {
    const [, map, key = ''] = keyed;
    return (map === 'labels' ? pod.metadata.labels : pod.metadata.annotations)?.[key] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.nodeAddress;
    case 'status.podIP':
    case 'status.podIPs':
      return facts.podAddress ?? '';
    default:
      return undefined;
  }
}

/** `key="value"` lines in the order of the keys, values quoted as Go's %q does. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/** The value of a resourceFieldRef; limits that are not set are what the node has to give. @throws for unknown names */
export function resourceFieldValue(
  pod: Pod,
  selector: ResourceFieldSelector,
  container: string,
  facts: NodeFacts,
): string {
  const name = selector.containerName || container;
  const place = findContainer(pod, name);
  if (!place) throw new Error(`container ${name} not found`);
  const [kind, ...rest] = selector.resource.split('.');
  const resource = rest.join('.');
  const { limits = {}, requests = {} } = place.container.resources ?? {};
  if (kind !== 'limits' && kind !== 'requests')
    throw new Error(`unsupported container resource : ${selector.resource}`);
  const set = (kind === 'limits' ? limits : requests)[resource];
  const value = set === undefined ? (kind === 'limits' ? (facts.allocatable[resource] ?? 0) : 0) : quantityValue(set);
  return quantityIn(value, selector.divisor);
}
