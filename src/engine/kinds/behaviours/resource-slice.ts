import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import type { ResourceSlice } from '../generated/types.ts';

export const resourceSlice: Behaviour = {
  cells(object, now) {
    const { metadata, spec } = object as unknown as ResourceSlice;
    return [
      metadata.name,
      spec?.nodeName ?? '',
      spec?.driver ?? '',
      spec?.pool?.name ?? '',
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  selectableFields: {
    'spec.nodeName': (object) => (object as unknown as ResourceSlice).spec?.nodeName ?? '',
    'spec.driver': (object) => (object as unknown as ResourceSlice).spec?.driver ?? '',
  },
};
