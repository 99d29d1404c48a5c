import type { EndpointSlice, Service } from '../kinds/index.ts';

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** An endpoint of one port of a service that connections may be led to. */
export interface ReadyEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | undefined;
  readonly hostname: string | undefined;
}

export type ServicePort = NonNullable<Service['spec']['ports']>[number];

/**
 * The endpoints of a service port that take connections, as kube-proxy chooses them: the ready ones; when there is none,
 * those that still serve while they terminate, so that a roll loses nothing in the moment between. Sorted, without
 * duplicates: equal states make equal rules.
 */
export function endpointsOf(port: ServicePort, slices: readonly EndpointSlice[]): readonly ReadyEndpoint[] {
  return chosen(slices, (slicePort) => {
    const sameProtocol = (slicePort.protocol ?? 'TCP') === (port.protocol ?? 'TCP');
    return sameProtocol && (slicePort.name ?? '') === (port.name ?? '');
  });
}

/** The addresses that a headless service's name has: ready endpoints, whatever their ports. */
export function addressesOf(slices: readonly EndpointSlice[]): readonly ReadyEndpoint[] {
  return chosen(slices, undefined);
}

type SlicePort = NonNullable<EndpointSlice['ports']>[number];

function chosen(
  slices: readonly EndpointSlice[],
  wanted: ((port: SlicePort) => boolean) | undefined,
): readonly ReadyEndpoint[] {
  const ready = new Map<string, ReadyEndpoint>();
  const leaving = new Map<string, ReadyEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const ports = wanted ? (slice.ports ?? []).filter(wanted).map((port) => port.port ?? 0) : [0];
    for (const { addresses, conditions, nodeName, hostname } of slice.endpoints ?? []) {
      const address = addresses[0];
      if (address === undefined) continue;
      const isReady = conditions?.ready ?? true;
      const isLeaving = (conditions?.serving ?? isReady) && conditions?.terminating === true;
      if (!isReady && !isLeaving) continue;
      for (const port of ports) {
        if (wanted && port === 0) continue;
        (isReady ? ready : leaving).set(`${address}:${port}`, { address, port, nodeName, hostname });
      }
    }
  }
  // A name answers with ready pods only; connections may fall back.
  const list = [...(ready.size > 0 || !wanted ? ready : leaving).values()];
  return list.sort((one, other) => compare(one.address, other.address) || one.port - other.port);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
