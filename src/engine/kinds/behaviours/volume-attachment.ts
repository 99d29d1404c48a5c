import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { required } from '../faults.ts';
import type { VolumeAttachment } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { withStatus } from './strategy.ts';

const attachment = (object: KubeObject) => object as unknown as VolumeAttachment;

export const volumeAttachment: Behaviour = {
  unconditionalUpdate: false,
  ...withStatus,
  cells(object, now) {
    const { metadata, spec, status } = attachment(object);
    return [
      metadata.name,
      spec.attacher,
      spec.source?.persistentVolumeName ?? '',
      spec.nodeName,
      status?.attached ?? false,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  validate(object) {
    const { spec } = attachment(object);
    const faults: FieldFault[] = [];
    if (!spec.attacher) faults.push(required('spec.attacher'));
    if (!spec.nodeName) faults.push(required('spec.nodeName'));
    if (!spec.source?.persistentVolumeName && !spec.source?.inlineVolumeSpec) {
      faults.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
    }
    return faults;
  },
  validateUpdate: (object, old) => immutable(attachment(object).spec, attachment(old).spec, 'spec'),
};
