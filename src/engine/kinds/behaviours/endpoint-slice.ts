import { isIP } from 'node:net';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, duplicate, invalidAll, invalidValue, notSupported, required, tooMany } from '../faults.ts';
import type { EndpointSlice } from '../generated/types.ts';
import { isDnsLabel } from '../names.ts';
import { immutable } from '../object-meta.ts';
import { PROTOCOLS } from './protocols.ts';
import { countedWithoutStatus } from './strategy.ts';

const slice = (object: KubeObject) => object as unknown as EndpointSlice;

export const endpointSlice: Behaviour = {
  ...countedWithoutStatus,
  cells: sliceCells,
  setDefaults(object) {
    for (const port of slice(object).ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: (object) => validateSlice(slice(object)),
  validateUpdate: (object, old) => [
    ...validateSlice(slice(object)),
    ...immutable(slice(object).addressType, slice(old).addressType, 'addressType'),
  ],
};

function validateSlice(object: EndpointSlice): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!object.addressType) faults.push(required('addressType'));
  else if (!['FQDN', 'IPv4', 'IPv6'].includes(object.addressType)) {
    faults.push(notSupported('addressType', object.addressType, ['FQDN', 'IPv4', 'IPv6']));
  }
  const list = object.endpoints ?? [];
  if (list.length > 1000) faults.push(tooMany('endpoints', list.length, 1000));
  for (const [index, endpoint] of list.entries()) {
    const path = `${at('endpoints', index)}.addresses`;
    if ((endpoint.addresses ?? []).length === 0) faults.push(required(path, 'must contain at least 1 address'));
    if ((endpoint.addresses ?? []).length > 100) faults.push(tooMany(path, endpoint.addresses.length, 100));
    for (const [addressIndex, address] of (endpoint.addresses ?? []).entries()) {
      const version = isIP(address);
      if (object.addressType === 'IPv4' && version !== 4) {
        faults.push(invalidValue(at(path, addressIndex), address, 'must be an IPv4 address'));
      } else if (object.addressType === 'IPv6' && version !== 6) {
        faults.push(invalidValue(at(path, addressIndex), address, 'must be an IPv6 address'));
      }
    }
    if (endpoint.hostname)
      faults.push(
        ...invalidAll(`${at('endpoints', index)}.hostname`, endpoint.hostname, isDnsLabel(endpoint.hostname)),
      );
  }
  const ports = object.ports ?? [];
  if (ports.length > 20000) faults.push(tooMany('ports', ports.length, 20000));
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const name = port.name ?? '';
    if (names.has(name)) faults.push(duplicate(`${at('ports', index)}.name`, name));
    names.add(name);
    if (name) faults.push(...invalidAll(`${at('ports', index)}.name`, name, isDnsLabel(name)));
    if (!PROTOCOLS.includes(port.protocol ?? ''))
      faults.push(notSupported(`${at('ports', index)}.protocol`, port.protocol, PROTOCOLS));
  }
  return faults;
}

function sliceCells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, addressType, ports = [], endpoints: list = [] } = slice(object);
  const portTexts = (ports ?? []).map((port) => (port.port === undefined ? '*' : String(port.port)));
  const addresses = (list ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  return [
    metadata.name,
    addressType,
    atMostThree(portTexts) || '<unset>',
    atMostThree(addresses) || '<unset>',
    ageSince(metadata.creationTimestamp, now),
  ];
}

function atMostThree(items: readonly string[]): string {
  return items.length > 3 ? `${items.slice(0, 3).join(',')} + ${items.length - 3} more...` : items.join(',');
}
