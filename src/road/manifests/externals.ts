import { isIP } from 'node:net';
import type { EndpointSlice } from '../../engine/kinds/index.ts';
import { type External, usualPort } from '../model/index.ts';
import type { Manifest } from './contract.ts';
import type { Draft } from './draft.ts';
import { labelsOf, manifest } from './names.ts';

/** A name inside the cluster for a server outside it: an alias of its DNS name, or a Service that leads to its address. */
export function externalOf({ application, options }: Draft, external: External): Manifest[] {
  const { name, kind, host } = external;
  const metadata = { name, namespace: options.namespace, labels: labelsOf(application, 'part') };
  const family = isIP(host);
  if (family === 0) {
    return [manifest('v1', 'Service', metadata, { spec: { type: 'ExternalName', externalName: host } })];
  }
  const port = external.port ?? (kind === undefined ? undefined : usualPort(kind));
  const portName = kind ?? 'tcp';
  const slice: Omit<EndpointSlice, 'apiVersion' | 'kind' | 'metadata'> = {
    addressType: family === 6 ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: port === undefined ? [] : [{ name: portName, port, protocol: 'TCP' }],
  };
  const spec =
    port === undefined
      ? { clusterIP: 'None' }
      : { ports: [{ name: portName, port, targetPort: port, protocol: 'TCP' }] };
  const sliceLabels = {
    ...metadata.labels,
    'kubernetes.io/service-name': name,
    'endpointslice.kubernetes.io/managed-by': 'wherry',
  };
  return [
    manifest('v1', 'Service', metadata, { spec }),
    manifest('discovery.k8s.io/v1', 'EndpointSlice', { ...metadata, labels: sliceLabels }, { ...slice }),
  ];
}
