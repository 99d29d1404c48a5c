import { isIP, SocketAddress } from 'node:net';
import type { Behaviour } from '../contract.ts';
import type { IPAddress } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { countedWithoutStatus } from './strategy.ts';

export const ipAddress: Behaviour = {
  ...countedWithoutStatus,
  validateName: addressName,
  cells(object) {
    const { metadata, spec } = object as unknown as IPAddress;
    const parent = spec?.parentRef;
    const kind = parent?.group ? `${parent.resource}.${parent.group}` : (parent?.resource ?? '');
    return [
      metadata.name,
      parent ? `${kind}/${parent.namespace ? `${parent.namespace}/` : ''}${parent.name}` : '<none>',
    ];
  },
  validateUpdate: (object, old) =>
    immutable((object as unknown as IPAddress).spec, (old as unknown as IPAddress).spec, 'spec'),
};

/** The name is the address in its canonical form (RFC 5952). */
function addressName(name: string): string[] {
  const family = isIP(name);
  if (family === 0) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const canonical = new SocketAddress({ address: name, family: family === 6 ? 'ipv6' : 'ipv4' }).address;
  return canonical === name ? [] : ['must be in canonical form'];
}
