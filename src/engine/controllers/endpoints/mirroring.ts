import type { Running } from '../../client/index.ts';
import { type Endpoint, type EndpointAddress, type EndpointSlice, type Endpoints, kinds } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { Expectations } from '../expectations.ts';
import { timestamp } from '../timestamps.ts';
import { hasSelector } from './service-view.ts';
import { planSlices, type SliceContent } from './slice-plan.ts';
import { MANAGED_BY, SERVICE_NAME, TRIGGER_TIME, writeSlices } from './slice-writer.ts';

const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const ADDRESSES_A_SUBSET_MAX = 1000;
const BY_SERVICE = 'mirrored';

/** Copies Endpoints that people write themselves, of Services without selector, into EndpointSlices. */
export function startEndpointMirroring(context: ControllerContext): Running {
  const { informers, clock } = context;
  const services = informers.of(kinds.services);
  const endpoints = informers.of(kinds.endpoints);
  const slices = informers.of(kinds.endpointslices);
  slices.addIndex(BY_SERVICE, mirrorOf);
  const expectations = new Expectations(slices, clock);

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const source = endpoints.get(namespace, name);
    const service = services.get(namespace, name);
    const existing = slices.byIndex(BY_SERVICE, key);
    const wanted = source !== undefined && service !== undefined && !hasSelector(service) && isMirrored(source);
    if (!expectations.met(key) || (!wanted && existing.length === 0)) return;
    const owner = source ?? service;
    if (owner === undefined) {
      // The slices are owned by the Endpoints: the garbage collector takes them.
      expectations.forget(key);
      return;
    }
    const {
      [LEADER]: _,
      [TRIGGER_TIME]: triggered,
      'kubectl.kubernetes.io/last-applied-configuration': __,
      ...annotations
    } = source?.metadata.annotations ?? {};
    const labels = { ...source?.metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER };
    const contents = wanted ? contentOf(source) : [];
    const plan = planSlices(existing, contents, (slice) => semanticEqual(slice.metadata.labels, labels));
    const triggeredAt = triggered ?? timestamp(clock.now());
    await writeSlices(context, plan, { owner, labels, annotations, triggeredAt }, expectations, key);
  };

  const loop = controllerLoop(context, 'endpointslice-mirroring', [services, endpoints, slices], reconcile);
  follow(services, loop);
  follow(endpoints, loop);
  slices.onChange((now, before) => {
    for (const slice of [now, before]) if (slice !== undefined) for (const key of mirrorOf(slice)) loop.add(key);
  });
  return loop;
}

function mirrorOf(slice: EndpointSlice): readonly string[] {
  const { labels, namespace } = slice.metadata;
  return labels?.[MANAGED_BY] === MANAGER ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
}

function isMirrored({ metadata }: Endpoints): boolean {
  return metadata.labels?.[SKIP] !== 'true' && metadata.annotations?.[LEADER] === undefined;
}

function contentOf(source: Endpoints): SliceContent[] {
  const contents: SliceContent[] = [];
  for (const subset of source.subsets ?? []) {
    const ports = (subset.ports ?? []).map((port) => ({ ...port, name: port.name ?? '' }));
    const all = [
      ...(subset.addresses ?? []).map((address) => toEndpoint(address, true)),
      ...(subset.notReadyAddresses ?? []).map((address) => toEndpoint(address, false)),
    ].slice(0, ADDRESSES_A_SUBSET_MAX);
    for (const addressType of ['IPv4', 'IPv6']) {
      const of = all.filter(({ addresses }) => addresses[0]?.includes(':') === (addressType === 'IPv6'));
      if (of.length > 0) contents.push({ addressType, ports, endpoints: of });
    }
  }
  return contents;
}

function toEndpoint(address: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [address.ip],
    conditions: { ready },
    ...(address.hostname === undefined ? {} : { hostname: address.hostname }),
    ...(address.nodeName === undefined ? {} : { nodeName: address.nodeName }),
    ...(address.targetRef === undefined ? {} : { targetRef: address.targetRef }),
  };
}
