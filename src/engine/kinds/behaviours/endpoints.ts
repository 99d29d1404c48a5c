import { isIP } from 'node:net';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { Endpoints } from '../generated/types.ts';
import { isDnsLabel, isPortNumber } from '../names.ts';
import { PROTOCOLS } from './protocols.ts';

const own = (object: KubeObject) => object as unknown as Endpoints;

export const endpoints: Behaviour = {
  createOnUpdate: true,
  cells: (object, now) => [
    own(object).metadata.name,
    summary(own(object)),
    ageSince(own(object).metadata.creationTimestamp, now),
  ],
  setDefaults(object) {
    for (const subset of own(object).subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate(object) {
    const faults: FieldFault[] = [];
    for (const [index, subset] of (own(object).subsets ?? []).entries()) {
      const place = at('subsets', index);
      const addresses = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])];
      if (addresses.length === 0) faults.push(required(place, 'must specify `addresses` or `notReadyAddresses`'));
      for (const [addressIndex, address] of (subset.addresses ?? []).entries()) {
        if (isIP(address.ip) === 0) {
          faults.push(
            invalidValue(
              `${at(`${place}.addresses`, addressIndex)}.ip`,
              address.ip,
              'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
            ),
          );
        }
      }
      for (const [portIndex, port] of (subset.ports ?? []).entries()) {
        const path = at(`${place}.ports`, portIndex);
        if (!port.name && (subset.ports ?? []).length > 1) faults.push(required(`${path}.name`));
        else if (port.name) faults.push(...invalidAll(`${path}.name`, port.name, isDnsLabel(port.name)));
        faults.push(...invalidAll(`${path}.port`, port.port, isPortNumber(port.port)));
        if (!PROTOCOLS.includes(port.protocol ?? ''))
          faults.push(notSupported(`${path}.protocol`, port.protocol, PROTOCOLS));
      }
    }
    return faults;
  },
};

function summary({ subsets }: Endpoints): string {
  if (!subsets || subsets.length === 0) return '<none>';
  const pairs = subsets.flatMap((subset) =>
    (subset.ports ?? []).length === 0
      ? (subset.addresses ?? []).map((address) => address.ip)
      : (subset.ports ?? []).flatMap((port) =>
          (subset.addresses ?? []).map((address) => joinPort(address.ip, port.port)),
        ),
  );
  return pairs.length > 3
    ? `${pairs.slice(0, 3).join(',')} + ${pairs.length - 3} more...`
    : pairs.join(',') || '<none>';
}

const joinPort = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
