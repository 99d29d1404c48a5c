import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import type { ResourceResourceClaim } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { withStatus } from './strategy.ts';

export const resourceClaim: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, status } = object as unknown as ResourceResourceClaim;
    const states: string[] = [];
    if (metadata.deletionTimestamp) states.push('deleted');
    if (!status?.allocation) {
      if (!metadata.deletionTimestamp) states.push('pending');
    } else {
      states.push('allocated');
      if ((status.reservedFor ?? []).length > 0) states.push('reserved');
    }
    return [metadata.name, states.join(','), ageSince(metadata.creationTimestamp, now)];
  },
  validateUpdate: (object, old) =>
    immutable(
      (object as unknown as ResourceResourceClaim).spec,
      (old as unknown as ResourceResourceClaim).spec,
      'spec',
    ),
};
