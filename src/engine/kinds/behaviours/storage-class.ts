import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, notSupported, required } from '../faults.ts';
import type { StorageClass } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';

const klass = (object: KubeObject) => object as unknown as StorageClass;

export const storageClass: Behaviour = {
  cells(object, now) {
    const { metadata, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion } = klass(object);
    const isDefault = metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
    return [
      isDefault ? `${metadata.name} (default)` : metadata.name,
      provisioner,
      reclaimPolicy ?? 'Delete',
      volumeBindingMode ?? 'Immediate',
      allowVolumeExpansion ?? false,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    klass(object).reclaimPolicy ??= 'Delete';
    klass(object).volumeBindingMode ??= 'Immediate';
  },
  validate(object) {
    const { provisioner, reclaimPolicy, volumeBindingMode } = klass(object);
    const faults: FieldFault[] = [];
    if (!provisioner) faults.push(required('provisioner'));
    if (reclaimPolicy && !['Delete', 'Retain'].includes(reclaimPolicy))
      faults.push(notSupported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']));
    if (!['Immediate', 'WaitForFirstConsumer'].includes(volumeBindingMode ?? '')) {
      faults.push(notSupported('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']));
    }
    return faults;
  },
  validateUpdate(object, old) {
    const [now, before] = [klass(object), klass(old)];
    const faults: FieldFault[] = [];
    if (!isDeepStrictEqual(now.parameters ?? {}, before.parameters ?? {}))
      faults.push(forbiddenField('parameters', 'updates to parameters are forbidden.'));
    if (now.provisioner !== before.provisioner)
      faults.push(forbiddenField('provisioner', 'updates to provisioner are forbidden.'));
    if (now.reclaimPolicy !== before.reclaimPolicy)
      faults.push(forbiddenField('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'));
    return [...faults, ...immutable(now.volumeBindingMode, before.volumeBindingMode, 'volumeBindingMode')];
  },
};
