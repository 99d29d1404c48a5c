import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import type { ServiceAccount } from '../generated/types.ts';

export const serviceAccount: Behaviour = {
  cells: (object, now) => {
    const { metadata } = object as unknown as ServiceAccount;
    return [metadata.name, ageSince(metadata.creationTimestamp, now)];
  },
};
