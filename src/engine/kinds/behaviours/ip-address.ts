import type { Behaviour } from '../contract.ts';
import type { IPAddress } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { countedWithoutStatus } from './strategy.ts';

export const ipAddress: Behaviour = {
  ...countedWithoutStatus,
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
