import type { Running } from '../../client/index.ts';
import {
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
  type Endpoints,
  kinds,
  type Pod,
  type Service,
  StatusError,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { orMissing } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { isPodReady } from '../pod-state.ts';
import { orderedJson } from '../template-hash.ts';
import { addressesOf, endpointHostname, hasEndpoint, podPorts, triggerTime } from './pod-endpoint.ts';
import { followServices, hasSelector, selects } from './service-view.ts';
import { HEADLESS, TRIGGER_TIME } from './slice-writer.ts';

const ADDRESSES_MAX = 1000;
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';

/** Keeps v1 Endpoints, the older form that clients still read, of every Service that has a selector. */
export function startEndpoints(context: ControllerContext): Running {
  const { client, informers } = context;
  const services = informers.of(kinds.services);
  const pods = informers.of(kinds.pods);
  const endpoints = informers.of(kinds.endpoints);

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const service = services.get(namespace, name);
    const current = endpoints.get(namespace, name);
    if (service === undefined) {
      if (current?.metadata.labels?.[MANAGED_BY] === MANAGER) {
        await orMissing(client.delete(kinds.endpoints, namespace, name, { uid: current.metadata.uid }));
      }
      return;
    }
    if (!hasSelector(service) || service.spec.type === 'ExternalName') return;
    const selected = pods
      .list(namespace)
      .filter(
        (pod) =>
          selects(service, pod.metadata.labels) && hasEndpoint(pod, service.spec.publishNotReadyAddresses ?? false),
      );
    const wanted = wantedEndpoints(service, selected);
    if (current !== undefined && isSame(current, wanted)) return;
    const annotations = { ...wanted.annotations, [TRIGGER_TIME]: triggerTime(service, selected) };
    const metadata = { labels: wanted.labels, annotations };
    try {
      if (current === undefined) {
        await client.create<Endpoints>(kinds.endpoints, {
          metadata: { name, namespace, ...metadata },
          subsets: wanted.subsets,
        });
      } else {
        await client.update<Endpoints>(kinds.endpoints, {
          ...current,
          metadata: { ...current.metadata, ...metadata },
          subsets: wanted.subsets,
        });
      }
    } catch (error) {
      const behind = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!behind && !isNamespaceTerminating(error)) throw error;
    }
  };

  const loop = controllerLoop(context, 'endpoint', [services, pods, endpoints], reconcile, 8);
  followServices(loop, services, pods);
  endpoints.onChange((now, before) => {
    const changed = now ?? before;
    if (changed !== undefined) loop.add(`${changed.metadata.namespace}/${changed.metadata.name}`);
  });
  return loop;
}

interface Wanted {
  subsets: EndpointSubset[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

function isSame(current: Endpoints, wanted: Wanted): boolean {
  const over = current.metadata.annotations?.[OVER_CAPACITY];
  return (
    semanticEqual(current.subsets, wanted.subsets) &&
    semanticEqual(current.metadata.labels, wanted.labels) &&
    over === wanted.annotations[OVER_CAPACITY]
  );
}

function wantedEndpoints(service: Service, selected: readonly Pod[]): Wanted {
  const family = service.spec.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4';
  const headless = service.spec.clusterIP === 'None';
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  const truncated = selected.length > ADDRESSES_MAX;
  for (const pod of truncated ? readyFirst(selected).slice(0, ADDRESSES_MAX) : selected) {
    const address = addressOf(service, pod, family);
    if (address === undefined) continue;
    const ports = portsOf(service, pod);
    // A headless Service may have no ports at all; any other pod without a port in it serves nothing.
    if (ports.length === 0 && !(headless && (service.spec.ports ?? []).length === 0)) continue;
    const key = orderedJson(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    const ready = isPodReady(pod) || (service.spec.publishNotReadyAddresses ?? false);
    (ready ? group.ready : group.notReady).push(address);
    groups.set(key, group);
  }
  const subsets = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length > 0 ? { addresses: ready.sort(byAddress) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.sort(byAddress) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }));
  const { [HEADLESS]: _, ...labels } = service.metadata.labels ?? {};
  return {
    subsets,
    labels: { ...labels, [MANAGED_BY]: MANAGER, ...(headless ? { [HEADLESS]: '' } : {}) },
    annotations: truncated ? { [OVER_CAPACITY]: 'truncated' } : {},
  };
}

function readyFirst(pods: readonly Pod[]): Pod[] {
  return [...pods].sort((a, b) => Number(isPodReady(b)) - Number(isPodReady(a)));
}

function addressOf(service: Service, pod: Pod, family: 'IPv4' | 'IPv6'): EndpointAddress | undefined {
  const [ip] = addressesOf(pod, family);
  if (ip === undefined) return undefined;
  const hostname = endpointHostname(service, pod);
  const { namespace, name, uid } = pod.metadata;
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
  };
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const { name, port, protocol, appProtocol } of podPorts(service, pod)) {
    if (port === undefined) continue;
    ports.push({
      ...(name ? { name } : {}),
      port,
      protocol: protocol ?? 'TCP',
      ...(appProtocol === undefined ? {} : { appProtocol }),
    });
  }
  return ports.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  if (a.ip !== b.ip) return a.ip < b.ip ? -1 : 1;
  return (a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1;
}
