import type { EndpointSlice, Service } from '../kinds/index.ts';
import type { DnsRecords } from '../network/index.ts';
import { addressesOf, endpointsOf, type ReadyEndpoint } from './service-endpoints.ts';
import { hasClusterAddress } from './service-rules.ts';

/**
 * The names of one service (Kubernetes DNS-Based Service Discovery 1.1, sections 2.3 to 2.5): with a cluster address one
 * name and one reverse name; headless one address for each ready endpoint, and a name for each below the service's;
 * named ports as `_port._protocol`; an external name as an alias.
 */
export function namesOf(service: Service, slices: readonly EndpointSlice[], clusterDomain: string): DnsRecords {
  const addresses = new Map<string, readonly string[]>();
  const services = new Map<string, { target: string; port: number }[]>();
  const aliases = new Map<string, string>();
  const names = new Map<string, string>();
  const { spec, metadata } = service;
  const own = `${metadata.name}.${metadata.namespace}.svc.${clusterDomain}`.toLowerCase();
  const file = (name: string, target: string, port: number): void => {
    const list = services.get(name) ?? [];
    list.push({ target, port });
    services.set(name, list);
  };

  if (spec.type === 'ExternalName') {
    if (spec.externalName) aliases.set(own, spec.externalName.replace(/\.$/, ''));
  } else if (hasClusterAddress(service)) {
    const clusterIps = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((address) => !address.includes(':'));
    addresses.set(own, clusterIps);
    for (const address of clusterIps) names.set(address, own);
    for (const port of spec.ports ?? []) {
      file(own, own, port.port);
      if (port.name) file(portName(port, own), own, port.port);
    }
  } else if (spec.clusterIP === 'None') {
    const endpoints = addressesOf(slices);
    if (endpoints.length > 0) addresses.set(own, [...new Set(endpoints.map(({ address }) => address))]);
    for (const endpoint of endpoints) {
      const name = endpointName(endpoint, own);
      addresses.set(name, [...(addresses.get(name) ?? []), endpoint.address]);
      // Of several endpoint names of one address a chosen hostname says more than one made of digits.
      if (endpoint.hostname || !names.has(endpoint.address)) names.set(endpoint.address, name);
    }
    for (const port of spec.ports ?? []) {
      for (const endpoint of endpointsOf(port, slices)) {
        const target = endpointName(endpoint, own);
        if (!addresses.has(target)) continue;
        file(own, target, endpoint.port);
        if (port.name) file(portName(port, own), target, endpoint.port);
      }
    }
  }
  return { addresses, services, aliases, names };
}

function portName(port: { name?: string; protocol?: string }, own: string): string {
  return `_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${own}`.toLowerCase();
}

function endpointName(endpoint: ReadyEndpoint, own: string): string {
  return `${endpoint.hostname || endpoint.address.replaceAll('.', '-')}.${own}`.toLowerCase();
}
