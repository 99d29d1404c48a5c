import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import type { CSIDriver } from '../generated/types.ts';
import { column } from './columns.ts';
import { countedWithoutStatus } from './strategy.ts';

export const csiDriver: Behaviour = {
  unconditionalUpdate: false,
  ...countedWithoutStatus,
  columns: [
    column('Name', 'string', 'name'),
    column('AttachRequired', 'boolean'),
    column('PodInfoOnMount', 'boolean'),
    column('StorageCapacity', 'boolean'),
    column('TokenRequests'),
    column('RequiresRepublish', 'boolean'),
    column('Modes'),
    column('Age'),
  ],
  cells(object, now) {
    const { metadata, spec } = object as unknown as CSIDriver;
    return [
      metadata.name,
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      (spec.tokenRequests ?? []).map((one) => one.audience).join(',') || '<unset>',
      spec.requiresRepublish ?? false,
      (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = object as unknown as CSIDriver;
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
};
