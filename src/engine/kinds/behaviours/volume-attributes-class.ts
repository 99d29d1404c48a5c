import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import { required } from '../faults.ts';
import type { VolumeAttributesClass } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';

export const volumeAttributesClass: Behaviour = {
  cells(object, now) {
    const { metadata, driverName } = object as unknown as VolumeAttributesClass;
    return [metadata.name, driverName, ageSince(metadata.creationTimestamp, now)];
  },
  validate: (object) => ((object as unknown as VolumeAttributesClass).driverName ? [] : [required('driverName')]),
  validateUpdate(object, old) {
    const [now, before] = [object as unknown as VolumeAttributesClass, old as unknown as VolumeAttributesClass];
    return [
      ...immutable(now.driverName, before.driverName, 'driverName'),
      ...immutable(now.parameters, before.parameters, 'parameters'),
    ];
  },
};
