import type { Ingress, Service } from '../kinds/index.ts';
import type { Door } from '../network/index.ts';
import { hasClusterAddress, protocolOf } from './service-rules.ts';

/** A door that an object asks for. */
export interface DoorClaim {
  readonly door: Door;
  /** `namespace/name` of the service; undefined for the ingress server's own. */
  readonly service: string | undefined;
  readonly purpose: 'ingress' | 'loadBalancer' | 'nodePort';
}

export interface DoorSettings {
  /** Where doors open on the host, and what a LoadBalancer service's status says. */
  readonly loadBalancerAddress: string;
  readonly nodeAddress: string;
  readonly ingressDoors: { readonly http: number; readonly https: number } | undefined;
}

/**
 * The doors wanted, with the losers of a contest for one port apart. Who asked first has the port: of services and the
 * ingress server (which asks since its oldest ingress) the older; without any ingress a service goes before it.
 */
export function doorClaims(
  services: readonly Service[],
  ingresses: readonly Ingress[],
  settings: DoorSettings,
): { claims: readonly DoorClaim[]; lost: readonly { claim: DoorClaim; holder: DoorClaim }[] } {
  const hostAddress = settings.loadBalancerAddress;
  const dated: { since: string; claim: DoorClaim }[] = [];
  if (settings.ingressDoors) {
    const since = ingresses.map(({ metadata }) => String(metadata.creationTimestamp ?? '')).sort()[0] ?? 'never';
    for (const ingress of ['http', 'https'] as const) {
      const hostPort = settings.ingressDoors[ingress];
      const door: Door = { protocol: 'tcp', hostAddress, hostPort, address: hostAddress, port: hostPort, ingress };
      dated.push({ since, claim: { door, service: undefined, purpose: 'ingress' } });
    }
  }
  for (const service of services) {
    const since = String(service.metadata.creationTimestamp ?? '');
    for (const claim of serviceClaims(service, settings)) dated.push({ since, claim });
  }
  dated.sort((one, other) => (one.since < other.since ? -1 : one.since > other.since ? 1 : 0));
  const holders = new Map<string, DoorClaim>();
  const lost: { claim: DoorClaim; holder: DoorClaim }[] = [];
  for (const { claim } of dated) {
    const key = `${claim.door.protocol} ${claim.door.hostPort}`;
    const holder = holders.get(key);
    if (holder) lost.push({ claim, holder });
    else holders.set(key, claim);
  }
  return { claims: [...holders.values()], lost };
}

function serviceClaims(service: Service, settings: DoorSettings): DoorClaim[] {
  const { spec, metadata } = service;
  if (!hasClusterAddress(service)) return [];
  const clusterIp = spec.clusterIP ?? '';
  const owner = `${metadata.namespace}/${metadata.name}`;
  const claims: DoorClaim[] = [];
  for (const port of spec.ports ?? []) {
    const protocol = protocolOf(port.protocol);
    if (protocol === 'SCTP') continue;
    const base = { protocol: protocol === 'UDP' ? 'udp' : 'tcp', hostAddress: settings.loadBalancerAddress } as const;
    if (isBalanced(service)) {
      const door: Door = { ...base, hostPort: port.port, address: clusterIp, port: port.port };
      claims.push({ door, service: owner, purpose: 'loadBalancer' });
    }
    if (port.nodePort) {
      const door: Door = { ...base, hostPort: port.nodePort, address: settings.nodeAddress, port: port.nodePort };
      claims.push({ door, service: owner, purpose: 'nodePort' });
    }
  }
  return claims;
}

/** A LoadBalancer service without a class; one with a class has a controller of its own. */
export function isBalanced(service: Service): boolean {
  return service.spec.type === 'LoadBalancer' && !service.spec.loadBalancerClass;
}
