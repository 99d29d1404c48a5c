import type { EndpointSlice, Service } from '../kinds/index.ts';
import type { ServicePortRule } from '../network/index.ts';
import { endpointsOf, type ReadyEndpoint } from './service-endpoints.ts';

const AFFINITY_SECONDS = 10_800;
/** Services with these labels are somebody else's to serve. */
const NOT_OURS = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

/**
 * The rules of one service, by kube-proxy's semantics: cluster addresses obey internalTrafficPolicy; node port, external
 * and load-balancer addresses obey externalTrafficPolicy. Where both lead to the same endpoints they are one rule.
 */
export function rulesOf(service: Service, slices: readonly EndpointSlice[], nodeName: string): ServicePortRule[] {
  const { spec, metadata } = service;
  if (spec.type === 'ExternalName' || !hasClusterAddress(service)) return [];
  if (NOT_OURS.some((label) => metadata.labels?.[label] !== undefined)) return [];
  const inside = (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])).filter(isIpv4);
  const balancers = (service.status?.loadBalancer?.ingress ?? [])
    .filter(({ ip, ipMode }) => ip !== undefined && ipMode !== 'Proxy' && !ip.startsWith('127.'))
    .map(({ ip }) => ip ?? '');
  const outside = [...(spec.externalIPs ?? []), ...balancers].filter(isIpv4);
  const affinitySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  return (spec.ports ?? []).flatMap((port): ServicePortRule[] => {
    const all = endpointsOf(port, slices);
    const local = all.filter((endpoint) => endpoint.nodeName === nodeName);
    const forInside = spec.internalTrafficPolicy === 'Local' ? local : all;
    const forOutside = spec.externalTrafficPolicy === 'Local' ? local : all;
    const base = {
      name: `${metadata.namespace}/${metadata.name}:${port.name ?? ''}`,
      protocol: protocolOf(port.protocol),
      port: port.port,
      ...(spec.sessionAffinity === 'ClientIP' ? { affinitySeconds } : {}),
    };
    const nodePort = port.nodePort ? { nodePort: port.nodePort } : {};
    if (sameEndpoints(forInside, forOutside)) {
      return [{ ...base, ...nodePort, addresses: [...inside, ...outside], endpoints: bare(forInside) }];
    }
    return [
      { ...base, addresses: inside, endpoints: bare(forInside) },
      { ...base, ...nodePort, name: `${base.name}:external`, addresses: outside, endpoints: bare(forOutside) },
    ];
  });
}

/** Headless services, and those not given an address yet, have names only. */
export function hasClusterAddress(service: Service): boolean {
  const { clusterIP } = service.spec;
  return clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None';
}

export function protocolOf(protocol: string | undefined): ServicePortRule['protocol'] {
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

function isIpv4(address: string): boolean {
  return /^[\d.]+$/.test(address);
}

function bare(endpoints: readonly ReadyEndpoint[]): ServicePortRule['endpoints'] {
  return endpoints.map(({ address, port }) => ({ address, port }));
}

function sameEndpoints(one: readonly ReadyEndpoint[], other: readonly ReadyEndpoint[]): boolean {
  return one === other || (one.length === other.length && one.every((endpoint, index) => endpoint === other[index]));
}
