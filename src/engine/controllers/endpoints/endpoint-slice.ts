import type { Running } from '../../client/index.ts';
import { type Endpoint, type EndpointSlice, kinds, type Pod, type Service } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { Expectations } from '../expectations.ts';
import { orderedJson } from '../template-hash.ts';
import { addressesOf, hasEndpoint, podEndpoint, podPorts, triggerTime } from './pod-endpoint.ts';
import { followServices, hasSelector, selects } from './service-view.ts';
import { planSlices, type SliceContent } from './slice-plan.ts';
import { HEADLESS, MANAGED_BY, SERVICE_NAME, writeSlices } from './slice-writer.ts';

const MANAGER = 'endpointslice-controller.k8s.io';
const BY_SERVICE = 'service';

/** Keeps discovery.k8s.io/v1 EndpointSlices of every Service that has a selector. */
export function startEndpointSlices(context: ControllerContext): Running {
  const { informers, clock } = context;
  const services = informers.of(kinds.services);
  const pods = informers.of(kinds.pods);
  const nodes = informers.of(kinds.nodes);
  const slices = informers.of(kinds.endpointslices);
  slices.addIndex(BY_SERVICE, sliceService);
  const expectations = new Expectations(slices, clock);

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const service = services.get(namespace, name);
    if (service === undefined) {
      expectations.forget(key);
      return;
    }
    if (!hasSelector(service) || service.spec.type === 'ExternalName' || !expectations.met(key)) return;
    if (service.metadata.deletionTimestamp !== undefined) return;
    const existing = slices
      .byIndex(BY_SERVICE, key)
      .filter(
        (slice) => slice.metadata.labels?.[MANAGED_BY] === MANAGER && slice.metadata.deletionTimestamp === undefined,
      );
    const selected = pods
      .list(namespace)
      .filter((pod) => selects(service, pod.metadata.labels) && hasEndpoint(pod, true));
    const labels = sliceLabels(service);
    const plan = planSlices(existing, contentOf(service, selected), (slice) => {
      return semanticEqual(slice.metadata.labels, labels);
    });
    const meta = { owner: service, labels, annotations: {}, triggeredAt: triggerTime(service, selected) };
    await writeSlices(context, plan, meta, expectations, key);
  };

  const contentOf = (service: Service, selected: readonly Pod[]): SliceContent[] => {
    const contents: SliceContent[] = [];
    for (const family of familiesOf(service)) {
      const groups = new Map<string, SliceContent>();
      for (const pod of selected) {
        if (addressesOf(pod, family).length === 0) continue;
        const ports = podPorts(service, pod);
        const key = orderedJson(ports);
        const group = groups.get(key) ?? { addressType: family, ports, endpoints: [] };
        const node = pod.spec.nodeName ? nodes.get(undefined, pod.spec.nodeName) : undefined;
        group.endpoints.push(withHints(service, podEndpoint(service, pod, family, node)));
        groups.set(key, group);
      }
      if (groups.size === 0) contents.push({ addressType: family, ports: [], endpoints: [] });
      contents.push(...groups.values());
    }
    return contents;
  };

  const loop = controllerLoop(context, 'endpointslice', [services, pods, nodes, slices], reconcile, 8);
  followServices(loop, services, pods);
  slices.onChange((now, before) => {
    const slice = now ?? before;
    if (slice?.metadata.labels?.[MANAGED_BY] !== MANAGER) return;
    for (const key of sliceService(slice)) loop.add(key);
  });
  return loop;
}

function sliceService(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata.labels?.[SERVICE_NAME];
  return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
}

function familiesOf(service: Service): ('IPv4' | 'IPv6')[] {
  const given = (service.spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  return given.length > 0 ? given : ['IPv4'];
}

function sliceLabels(service: Service): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata.labels };
  delete labels[HEADLESS];
  return {
    ...labels,
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
    ...(service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
  };
}

/** Where traffic should stay near (`trafficDistribution`), each endpoint is for its own zone or node. */
function withHints(service: Service, endpoint: Endpoint): Endpoint {
  const { trafficDistribution } = service.spec;
  if (trafficDistribution === undefined || endpoint.conditions?.ready !== true) return endpoint;
  const forNodes =
    trafficDistribution === 'PreferSameNode' && endpoint.nodeName ? { forNodes: [{ name: endpoint.nodeName }] } : {};
  const forZones = endpoint.zone === undefined ? {} : { forZones: [{ name: endpoint.zone }] };
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? endpoint : { ...endpoint, hints };
}
