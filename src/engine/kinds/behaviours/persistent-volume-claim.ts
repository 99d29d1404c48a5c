import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../generated/types.ts';
import { copy, validateLabelSelector } from '../object-meta.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';
import { accessModes, validateModes } from './access-modes.ts';
import { difference } from './pod.ts';
import { keepAllButStatus, keepStatus, loose } from './strategy.ts';

const claim = (object: KubeObject) => object as unknown as PersistentVolumeClaim;

export const persistentVolumeClaim: Behaviour = {
  cells: claimCells,
  setDefaults(object) {
    const { spec, status } = claim(object);
    if (status) status.phase ||= 'Pending';
    spec.volumeMode ??= 'Filesystem';
    shareSource(spec);
  },
  prepareForCreate(object) {
    claim(object).status = { phase: 'Pending' };
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
    shareSource(claim(object).spec);
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
  validate: (object) => validateClaim(claim(object).spec),
  validateUpdate: (object, old) => [
    ...validateClaim(claim(object).spec),
    ...validateClaimUpdate(claim(object), claim(old)),
  ],
};

/** dataSource and dataSourceRef say the same where they can (NormalizeDataSources). */
function shareSource(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = copy(spec.dataSource);
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace)
    spec.dataSource = copy(spec.dataSourceRef);
}

function validateClaim(spec: PersistentVolumeClaimSpec): FieldFault[] {
  const faults: FieldFault[] = [];
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) faults.push(required('spec.accessModes', 'at least 1 access mode is required'));
  faults.push(...validateLabelSelector(spec.selector, 'spec.selector'), ...validateModes(modes, 'spec.accessModes'));
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) faults.push(required('spec.resources[storage]'));
  else if (parseQuantity(storage).value <= 0n) {
    faults.push(invalidValue('spec.resources[storage]', String(storage), 'must be greater than zero'));
  }
  if (spec.volumeMode !== undefined && !['Block', 'Filesystem'].includes(spec.volumeMode)) {
    faults.push(notSupported('spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem']));
  }
  return faults;
}

function validateClaimUpdate(now: PersistentVolumeClaim, before: PersistentVolumeClaim): FieldFault[] {
  const faults: FieldFault[] = [];
  const bound = before.status?.phase === 'Bound';
  const fixed = (spec: PersistentVolumeClaimSpec) => {
    const made = structuredClone(spec);
    if (bound) {
      delete made.resources?.requests?.storage;
      delete made.volumeAttributesClassName;
    }
    // The binder writes the volume's name once, and a class may be given to a claim that has none yet.
    if (!before.spec.volumeName) delete made.volumeName;
    if (!before.spec.storageClassName) delete made.storageClassName;
    return made;
  };
  const [one, two] = [fixed(before.spec), fixed(now.spec)];
  if (!isDeepStrictEqual(one, two)) {
    faults.push(
      forbiddenField(
        'spec',
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${difference(one, two)}`,
      ),
    );
  }
  const [size, old] = [now.spec.resources?.requests?.storage, before.spec.resources?.requests?.storage];
  const held = before.status?.capacity?.storage;
  if (
    bound &&
    size !== undefined &&
    old !== undefined &&
    compareQuantity(size, old) < 0 &&
    (held === undefined || compareQuantity(size, held) < 0)
  ) {
    faults.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  return faults;
}

function claimCells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec, status } = claim(object);
  const isBound = Boolean(spec.volumeName);
  return [
    metadata.name,
    metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec.volumeName ?? '',
    isBound ? String(status?.capacity?.storage ?? '0') : '',
    isBound ? accessModes(status?.accessModes) : '',
    metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    spec.volumeAttributesClassName ?? '<unset>',
    ageSince(metadata.creationTimestamp, now),
    spec.volumeMode ?? '<unset>',
  ];
}
