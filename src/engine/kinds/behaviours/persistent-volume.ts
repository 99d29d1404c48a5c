import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type { PersistentVolume } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { parseQuantity } from '../quantity.ts';
import { accessModes, validateModes } from './access-modes.ts';
import { difference } from './pod.ts';
import { validateNodeTerms } from './pod-validation.ts';
import { keepAllButStatus, keepStatus, loose } from './strategy.ts';

const volume = (object: KubeObject) => object as unknown as PersistentVolume;

/** What stands in a persistent volume's spec besides its source. */
const NOT_SOURCES = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);

export const persistentVolume: Behaviour = {
  cells: volumeCells,
  setDefaults(object) {
    const { spec, status } = volume(object);
    if (status) status.phase ||= 'Pending';
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
  },
  prepareForCreate(object) {
    volume(object).status = { phase: 'Pending' };
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
  validate: (object) => validateVolume(volume(object)),
  validateUpdate(object, old) {
    const faults = validateVolume(volume(object));
    const sources = ({ spec }: PersistentVolume) =>
      Object.fromEntries(Object.entries(spec).filter(([field]) => !NOT_SOURCES.has(field)));
    if (!isDeepStrictEqual(sources(volume(object)), sources(volume(old)))) {
      faults.push(
        forbiddenField(
          'spec.persistentvolumesource',
          `spec.persistentvolumesource is immutable after creation\n${difference(sources(volume(old)), sources(volume(object)))}`,
        ),
      );
    }
    faults.push(...immutable(volume(object).spec.volumeMode, volume(old).spec.volumeMode, 'spec.volumeMode'));
    if (volume(old).spec.nodeAffinity) {
      faults.push(...immutable(volume(object).spec.nodeAffinity, volume(old).spec.nodeAffinity, 'spec.nodeAffinity'));
    }
    return faults;
  },
};

function validateVolume({ metadata, spec }: PersistentVolume): FieldFault[] {
  const faults: FieldFault[] = [];
  if ((spec.accessModes ?? []).length === 0) faults.push(required('spec.accessModes'));
  faults.push(...validateModes(spec.accessModes ?? [], 'spec.accessModes'));
  const storage = spec.capacity?.storage;
  if (!spec.capacity || Object.keys(spec.capacity).length === 0) faults.push(required('spec.capacity'));
  else if (storage === undefined || Object.keys(spec.capacity).length > 1) {
    faults.push(notSupported('spec.capacity', spec.capacity, ['storage']));
  } else if (parseQuantity(storage).value <= 0n) {
    faults.push(invalidValue('spec.capacity[storage]', String(storage), 'must be greater than zero'));
  }
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  if (!['Delete', 'Recycle', 'Retain'].includes(policy)) {
    faults.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, ['Delete', 'Recycle', 'Retain']));
  }
  const sources = Object.keys(spec).filter((field) => !NOT_SOURCES.has(field));
  for (const source of sources.slice(1))
    faults.push(forbiddenField(`spec.${source}`, 'may not specify more than 1 volume type'));
  if (sources.length === 0) faults.push(required('spec', 'must specify a volume type'));
  if (spec.hostPath) {
    if (!spec.hostPath.path) faults.push(required('spec.hostPath.path'));
    else if (spec.hostPath.path.split('/').includes('..'))
      faults.push(invalidValue('spec.hostPath.path', spec.hostPath.path, "must not contain '..'"));
    else if (spec.hostPath.path === '/' && policy === 'Recycle') {
      faults.push(
        forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
      );
    }
  }
  if (spec.local) {
    if (!spec.local.path) faults.push(required('spec.local.path'));
    if (!spec.nodeAffinity?.required)
      faults.push(
        required(
          metadata.annotations ? 'metadata.annotations' : 'metadata.annotations',
          'Local volume requires node affinity',
        ),
      );
  }
  if (spec.nodeAffinity) {
    const terms = spec.nodeAffinity.required;
    if (!terms) faults.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
    else faults.push(...validateNodeTerms(terms.nodeSelectorTerms, 'spec.nodeAffinity.required.nodeSelectorTerms'));
  }
  if (spec.volumeMode !== undefined && !['Block', 'Filesystem'].includes(spec.volumeMode)) {
    faults.push(notSupported('spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem']));
  }
  return faults;
}

function volumeCells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec, status } = volume(object);
  const phase = metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '');
  return [
    metadata.name,
    String(spec.capacity?.storage ?? '0'),
    accessModes(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? '',
    phase,
    spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    spec.volumeAttributesClassName ?? '<unset>',
    status?.reason ?? '',
    ageSince(metadata.creationTimestamp, now),
    spec.volumeMode ?? '<unset>',
  ];
}
