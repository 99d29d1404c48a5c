import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../generated/types.ts';
import { copy, immutable, validateLabelSelector } from '../object-meta.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';
import { difference } from './pod.ts';
import { validateNodeTerms } from './pod-validation.ts';
import { countedWithoutStatus, keepAllButStatus, keepStatus, loose, withStatus } from './strategy.ts';

const volume = (object: KubeObject) => object as unknown as PersistentVolume;
const claim = (object: KubeObject) => object as unknown as PersistentVolumeClaim;
const klass = (object: KubeObject) => object as unknown as StorageClass;
const attachment = (object: KubeObject) => object as unknown as VolumeAttachment;
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX` in upstream's order. */
function accessModes(modes: readonly string[] | undefined): string {
  return Object.keys(SHORT)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT[mode])
    .join(',');
}

function validateModes(modes: readonly string[], path: string): FieldFault[] {
  const faults = modes
    .map((mode, index) => ({ mode, index }))
    .filter(({ mode }) => !ACCESS_MODES.includes(mode))
    .map(({ mode }) => notSupported(path, mode, ACCESS_MODES));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    faults.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return faults;
}

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

export const volumeAttachment: Behaviour = {
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

const column = (name: string, type = 'string', format = '') => ({ name, type, format, priority: 0, description: '' });

export const csiDriver: Behaviour = {
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

export const csiNode: Behaviour = {
  cells(object, now) {
    const { metadata, spec } = object as unknown as CSINode;
    return [metadata.name, spec.drivers?.length ?? 0, ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const { spec } = object as unknown as CSINode;
    return (spec.drivers ?? []).flatMap((driver, index) => [
      ...(driver.name ? [] : [required(`${at('spec.drivers', index)}.name`)]),
      ...(driver.nodeID ? [] : [required(`${at('spec.drivers', index)}.nodeID`)]),
    ]);
  },
};

export const csiStorageCapacity: Behaviour = {
  cells(object) {
    const { metadata, storageClassName, capacity } = object as unknown as CSIStorageCapacity;
    return [metadata.name, storageClassName, capacity === undefined ? '<unset>' : String(capacity)];
  },
  validate: (object) =>
    (object as unknown as CSIStorageCapacity).storageClassName ? [] : [required('storageClassName')],
};

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
