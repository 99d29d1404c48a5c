import type { Behaviour } from '../contract.ts';
import { required } from '../faults.ts';
import type { CSIStorageCapacity } from '../generated/types.ts';

export const csiStorageCapacity: Behaviour = {
  unconditionalUpdate: false,
  cells(object) {
    const { metadata, storageClassName, capacity } = object as unknown as CSIStorageCapacity;
    return [metadata.name, storageClassName, capacity === undefined ? '<unset>' : String(capacity)];
  },
  validate: (object) =>
    (object as unknown as CSIStorageCapacity).storageClassName ? [] : [required('storageClassName')],
};
