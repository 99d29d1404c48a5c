import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../base/index.ts';
import type { Running } from '../../client/index.ts';
import {
  kinds,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityToNumber,
  StatusError,
  type StorageClass,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, splitKey } from '../controller.ts';
import { orMissing } from '../ownership.ts';
import {
  BIND_COMPLETED,
  claimReference,
  has,
  PROVISIONED_BY,
  requestedBytes,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from './volume-facts.ts';

/** The provisioner's name in a StorageClass. */
export const DIRECTORY_PROVISIONER = 'wherry.dev/directory';
const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
/** Everyone may write, as on the volumes of other provisioners; fsGroup narrows it where a pod asks for it. */
const MODE = 0o777;

/** Makes a directory on this machine for each claim of its classes, and removes it when the volume is to be deleted. */
export function startDirectoryProvisioner(context: ControllerContext): Running {
  const { client, informers, settings } = context;
  const claims = informers.of(kinds.persistentvolumeclaims);
  const volumes = informers.of(kinds.persistentvolumes);
  const classes = informers.of(kinds.storageclasses);
  const recorder = context.recorder(`${DIRECTORY_PROVISIONER}_${settings.nodeName}`);
  const directoryOf = (volumeName: string): string => join(settings.volumesDirectory, volumeName);

  const reconcileClaim = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const claim = claims.get(namespace, name);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
    if (has(claim, BIND_COMPLETED)) await resize(claim);
    else if (claim.metadata.annotations?.[STORAGE_PROVISIONER] === DIRECTORY_PROVISIONER && !claim.spec.volumeName) {
      await provision(claim);
    }
  };

  const provision = async (claim: PersistentVolumeClaim): Promise<void> => {
    const storageClass = classes.get(undefined, claim.spec.storageClassName ?? '');
    if (storageClass?.provisioner !== DIRECTORY_PROVISIONER) return;
    const node = claim.metadata.annotations?.[SELECTED_NODE];
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && node === undefined) return;
    const volumeName = `pvc-${claim.metadata.uid}`;
    if (volumes.get(undefined, volumeName) !== undefined) return;
    const { namespace, name } = claim.metadata;
    const doing = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
    recorder.event(claim, 'Normal', 'Provisioning', doing);
    try {
      if ((claim.spec.volumeMode ?? 'Filesystem') !== 'Filesystem')
        throw new Error('raw block volumes are not supported');
      const directory = directoryOf(volumeName);
      await mkdir(directory, { recursive: true, mode: MODE });
      // The mode given to mkdir is cut by the process's umask.
      await chmod(directory, MODE);
      await createVolume(claim, storageClass, volumeName, directory, node ?? settings.nodeName);
    } catch (error) {
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${messageOf(error)}`;
      recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
      throw error;
    }
    recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
  };

  const createVolume = async (
    claim: PersistentVolumeClaim,
    storageClass: StorageClass,
    name: string,
    path: string,
    node: string,
  ): Promise<void> => {
    const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
    try {
      await client.create<PersistentVolume>(kinds.persistentvolumes, {
        metadata: { name, annotations: { [PROVISIONED_BY]: DIRECTORY_PROVISIONER }, finalizers: [FINALIZER] },
        spec: {
          capacity: { storage: claim.spec.resources?.requests?.storage ?? '0' },
          accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
          storageClassName: storageClass.metadata.name,
          ...(storageClass.mountOptions === undefined ? {} : { mountOptions: storageClass.mountOptions }),
          volumeMode: 'Filesystem',
          hostPath: { path, type: 'DirectoryOrCreate' },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
          claimRef: claimReference(claim),
        },
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
  };

  /** A directory has no size of its own: growing a claim is growing the figures. */
  const resize = async (claim: PersistentVolumeClaim): Promise<void> => {
    const volume = volumes.get(undefined, claim.spec.volumeName ?? '');
    const storage = claim.spec.resources?.requests?.storage;
    if (volume?.metadata.annotations?.[PROVISIONED_BY] !== DIRECTORY_PROVISIONER || storage === undefined) return;
    if (claim.status.phase !== 'Bound') return;
    const wanted = requestedBytes(claim);
    if (quantityToNumber(volume.spec.capacity?.storage ?? 0) < wanted) {
      const body = { spec: { capacity: { storage } } };
      await client.patch(kinds.persistentvolumes, undefined, volume.metadata.name, { type: 'merge', body });
    }
    if (quantityToNumber(claim.status.capacity?.storage ?? 0) >= wanted) return;
    const status = { ...claim.status, capacity: { ...claim.status.capacity, storage } };
    await client.updateStatus<PersistentVolumeClaim>(kinds.persistentvolumeclaims, { ...claim, status });
    recorder.event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
  };

  const reconcileVolume = async (name: string): Promise<undefined> => {
    const volume = volumes.get(undefined, name);
    if (volume?.metadata.annotations?.[PROVISIONED_BY] !== DIRECTORY_PROVISIONER) return;
    const unused = volume.status.phase === 'Released' || volume.status.phase === 'Failed';
    const leaving = volume.metadata.deletionTimestamp !== undefined;
    const policy = volume.spec.persistentVolumeReclaimPolicy;
    if (unused && policy === 'Delete') await destroy(volume);
    else if (leaving && volume.status.phase !== 'Bound') await dropFinalizer(volume);
  };

  const destroy = async (volume: PersistentVolume): Promise<void> => {
    const { name, uid } = volume.metadata;
    try {
      // Only what this provisioner made, whatever the object says by now.
      if (volume.spec.hostPath?.path === directoryOf(name)) {
        await rm(directoryOf(name), { recursive: true, force: true });
      }
    } catch (error) {
      recorder.event(volume, 'Warning', 'VolumeFailedDelete', messageOf(error));
      throw error;
    }
    await orMissing(client.delete(kinds.persistentvolumes, undefined, name, { uid }));
    await dropFinalizer(volume);
  };

  const dropFinalizer = async (volume: PersistentVolume): Promise<void> => {
    const live = await orMissing(client.get(kinds.persistentvolumes, undefined, volume.metadata.name));
    const { finalizers = [], uid, resourceVersion } = live?.metadata ?? volume.metadata;
    if (live === undefined || uid !== volume.metadata.uid || !finalizers.includes(FINALIZER)) return;
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    const body = { metadata: { resourceVersion, finalizers: left } };
    await orMissing(client.patch(kinds.persistentvolumes, undefined, volume.metadata.name, { type: 'merge', body }));
  };

  const views = [claims, volumes, classes];
  const claimLoop = controllerLoop(context, 'directory-provisioner-claims', views, reconcileClaim);
  const volumeLoop = controllerLoop(context, 'directory-provisioner-volumes', views, reconcileVolume);
  follow(claims, claimLoop);
  follow(volumes, volumeLoop);
  return {
    async stop() {
      await Promise.all([claimLoop.stop(), volumeLoop.stop()]);
    },
  };
}
