import type { FieldFault } from '../contract.ts';
import {
  at,
  duplicate,
  forbiddenField,
  invalidAll,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../faults.ts';
import type { KeyToPath, Volume, VolumeMount } from '../generated/types.ts';
import { isConfigKey, isDnsLabel } from '../names.ts';

/** The faults of a pod's volumes; answers the names that are well formed, for the mounts. */
export function validateVolumes(
  volumes: readonly Volume[],
  path: string,
): { faults: FieldFault[]; names: Set<string> } {
  const faults: FieldFault[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const place = at(path, index);
    const own = validateSource(volume, place);
    if (!volume.name) own.push(required(`${place}.name`));
    else if (names.has(volume.name)) own.push(duplicate(`${place}.name`, volume.name));
    else own.push(...invalidAll(`${place}.name`, volume.name, isDnsLabel(volume.name)));
    if (own.length === 0) names.add(volume.name);
    faults.push(...own);
  }
  return { faults, names };
}

type Check = (volume: Volume, path: string) => FieldFault[];

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

// The sources that ordinary pods use are checked in full; of the others only that there is one.
const CHECKS: Readonly<Record<string, Check>> = {
  emptyDir: ({ emptyDir }, path) =>
    typeof emptyDir?.sizeLimit === 'string' && emptyDir.sizeLimit.startsWith('-')
      ? [forbiddenField(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: ({ hostPath }, path) => {
    if (!hostPath?.path) return [required(`${path}.path`)];
    const faults = noBackSteps(hostPath.path, `${path}.path`);
    if (hostPath.type && !HOST_PATH_TYPES.includes(hostPath.type)) {
      faults.push(notSupported(`${path}.type`, hostPath.type, HOST_PATH_TYPES));
    }
    return faults;
  },
  secret: ({ secret }, path) => [
    ...(secret?.secretName ? [] : [required(`${path}.secretName`)]),
    ...mode(secret?.defaultMode, `${path}.defaultMode`),
    ...items(secret?.items, `${path}.items`),
  ],
  configMap: ({ configMap }, path) => [
    ...(configMap?.name ? [] : [required(`${path}.name`)]),
    ...mode(configMap?.defaultMode, `${path}.defaultMode`),
    ...items(configMap?.items, `${path}.items`),
  ],
  persistentVolumeClaim: ({ persistentVolumeClaim }, path) =>
    persistentVolumeClaim?.claimName ? [] : [required(`${path}.claimName`)],
  nfs: ({ nfs }, path) => [
    ...(nfs?.server ? [] : [required(`${path}.server`)]),
    ...(nfs?.path
      ? nfs.path.startsWith('/')
        ? []
        : [invalidValue(`${path}.path`, nfs.path, 'must be an absolute path')]
      : [required(`${path}.path`)]),
  ],
  csi: ({ csi }, path) => (csi?.driver ? [] : [required(`${path}.driver`)]),
  downwardAPI: ({ downwardAPI }, path) => downwardFaults(downwardAPI?.items ?? [], path),
  projected: ({ projected }, path) => projectedFaults(projected, path),
  ephemeral: ({ ephemeral }, path) => (ephemeral?.volumeClaimTemplate ? [] : [required(`${path}.volumeClaimTemplate`)]),
};

function validateSource(volume: Volume, path: string): FieldFault[] {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && volume[key as keyof Volume] !== undefined);
  const [first, ...more] = sources;
  if (first === undefined) return [required(path, 'must specify a volume type')];
  const faults = more.map((source) => forbiddenField(`${path}.${source}`, 'may not specify more than 1 volume type'));
  return [...(CHECKS[first]?.(volume, `${path}.${first}`) ?? []), ...faults];
}

const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';

function mode(value: number | undefined, path: string): FieldFault[] {
  return value !== undefined && (value < 0 || value > 0o777) ? [invalidValue(path, value, MODE_TEXT)] : [];
}

function items(entries: readonly KeyToPath[] | undefined, path: string): FieldFault[] {
  return (entries ?? []).flatMap((entry, index) => {
    const place = at(path, index);
    return [
      ...(entry.key ? [] : [required(`${place}.key`)]),
      ...(entry.path ? relativePath(entry.path, `${place}.path`) : [required(`${place}.path`)]),
      ...mode(entry.mode, `${place}.mode`),
    ];
  });
}

const DOWNWARD_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

function downwardFaults(
  entries: readonly {
    path: string;
    fieldRef?: { fieldPath: string };
    resourceFieldRef?: { containerName?: string; resource: string };
    mode?: number;
  }[],
  path: string,
): FieldFault[] {
  return entries.flatMap((entry) => {
    const faults: FieldFault[] = [];
    if (!entry.path) faults.push(required(`${path}.path`));
    else faults.push(...relativePath(entry.path, `${path}.path`));
    if (entry.fieldRef) {
      if (entry.resourceFieldRef)
        faults.push(
          invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
        );
      if (!DOWNWARD_FIELDS.includes(entry.fieldRef.fieldPath.replace(/\['.*'\]$/, ''))) {
        faults.push(notSupported(`${path}.fieldRef.fieldPath`, entry.fieldRef.fieldPath, DOWNWARD_FIELDS));
      }
    } else if (entry.resourceFieldRef) {
      if (!entry.resourceFieldRef.containerName) faults.push(required(`${path}.resourceFieldRef.containerName`));
    } else faults.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
    return [...faults, ...mode(entry.mode, `${path}.mode`)];
  });
}

function projectedFaults(projected: Volume['projected'], path: string): FieldFault[] {
  const faults = mode(projected?.defaultMode, `${path}.defaultMode`);
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const place = at(`${path}.sources`, index);
    const kinds = Object.keys(source);
    if (kinds.length > 1) faults.push(forbiddenField(place, 'may not specify more than 1 volume type'));
    if (kinds.length === 0) faults.push(required(place, 'must specify a volume type'));
    if (source.secret) {
      if (!source.secret.name) faults.push(required(`${place}.secret.name`));
      faults.push(...items(source.secret.items, `${place}.secret.items`));
    }
    if (source.configMap) {
      if (!source.configMap.name) faults.push(required(`${place}.configMap.name`));
      faults.push(...items(source.configMap.items, `${place}.configMap.items`));
    }
    if (source.downwardAPI) faults.push(...downwardFaults(source.downwardAPI.items ?? [], `${place}.downwardAPI`));
    if (source.serviceAccountToken) {
      const seconds = source.serviceAccountToken.expirationSeconds ?? 3600;
      if (seconds < 600) {
        faults.push(
          invalidValue(
            `${place}.serviceAccountToken.expirationSeconds`,
            seconds,
            'may not specify a duration less than 10 minutes',
          ),
        );
      }
      if (!source.serviceAccountToken.path) faults.push(required(`${place}.serviceAccountToken.path`));
    }
  }
  return faults;
}

/** Below where it is mounted: no absolute path, no step back. */
function relativePath(value: string, path: string): FieldFault[] {
  if (value.startsWith('/')) return [invalidValue(path, value, 'must be a relative path')];
  const faults = noBackSteps(value, path);
  if (faults.length === 0 && value.startsWith('..')) faults.push(invalidValue(path, value, "must not start with '..'"));
  return faults;
}

function noBackSteps(value: string, path: string): FieldFault[] {
  return value.split('/').includes('..') ? [invalidValue(path, value, "must not contain '..'")] : [];
}

/** The faults of a container's mounts. `volumes` are the pod's. */
export function validateMounts(
  mounts: readonly VolumeMount[],
  devices: readonly { name: string; devicePath: string }[],
  volumes: ReadonlySet<string>,
  path: string,
): FieldFault[] {
  const faults: FieldFault[] = [];
  const places = new Set<string>();
  const devicePaths = new Set(devices.map((device) => device.devicePath));
  for (const [index, mount] of mounts.entries()) {
    const place = at(path, index);
    if (!mount.name) faults.push(required(`${place}.name`));
    if (!volumes.has(mount.name)) faults.push(notFoundValue(`${place}.name`, mount.name));
    if (!mount.mountPath) faults.push(required(`${place}.mountPath`));
    if (places.has(mount.mountPath)) faults.push(invalidValue(`${place}.mountPath`, mount.mountPath, 'must be unique'));
    places.add(mount.mountPath);
    if (devicePaths.has(mount.mountPath)) {
      faults.push(
        invalidValue(`${place}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    }
    if (mount.subPath) faults.push(...descending(mount.subPath, `${place}.subPath`));
    if (mount.subPathExpr) {
      if (mount.subPath)
        faults.push(
          invalidValue(`${place}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        );
      faults.push(...descending(mount.subPathExpr, `${place}.subPathExpr`));
    }
    const propagation = mount.mountPropagation;
    if (propagation && !['Bidirectional', 'HostToContainer', 'None'].includes(propagation)) {
      faults.push(notSupported(`${place}.mountPropagation`, propagation, ['Bidirectional', 'HostToContainer', 'None']));
    }
  }
  return faults;
}

function descending(value: string, path: string): FieldFault[] {
  if (value.startsWith('/')) return [invalidValue(path, value, 'must be a relative path')];
  return noBackSteps(value, path);
}

/** Keys of ConfigMaps and Secrets named by an environment variable. */
export function keyFaults(key: string, path: string): FieldFault[] {
  return key ? invalidAll(path, key, isConfigKey(key)) : [required(path)];
}
