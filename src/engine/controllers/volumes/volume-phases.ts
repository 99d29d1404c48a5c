import type { Running } from '../../client/index.ts';
import { kinds, type PersistentVolume } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow } from '../controller.ts';
import { BOUND_BY_CONTROLLER, has, PROVISIONED_BY } from './volume-facts.ts';

/** Keeps the phase of every PersistentVolume: Available, Bound, Released, and what reclaiming makes of it. */
export function startVolumePhases(context: ControllerContext): Running {
  const { client, informers } = context;
  const volumes = informers.of(kinds.persistentvolumes);
  const claims = informers.of(kinds.persistentvolumeclaims);
  const recorder = context.recorder('persistentvolume-controller');

  const reconcile = async (name: string): Promise<undefined> => {
    const volume = volumes.get(undefined, name);
    if (volume === undefined) return;
    const { claimRef } = volume.spec;
    // Without a uid the volume is set aside for a claim, but none has taken it.
    if (!claimRef?.uid) {
      await setPhase(volume, 'Available');
      return;
    }
    const claim = claims.get(claimRef.namespace, claimRef.name ?? '');
    if (claim === undefined || claim.metadata.uid !== claimRef.uid) {
      await release(volume);
    } else if (claim.spec.volumeName === name) {
      await setPhase(volume, 'Bound');
    } else if (claim.spec.volumeName) {
      // The claim chose another volume.
      const provisioned = has(volume, PROVISIONED_BY) && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
      if (provisioned) await release(volume);
      else await giveBack(volume);
    }
  };

  const release = async (volume: PersistentVolume): Promise<void> => {
    const { phase } = volume.status;
    if (phase === 'Failed') return;
    const released = phase === 'Released' ? volume : await setPhase(volume, 'Released');
    const policy = volume.spec.persistentVolumeReclaimPolicy;
    if (policy === 'Recycle') {
      await fail(released, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    } else if (policy === 'Delete' && !has(volume, PROVISIONED_BY)) {
      const why = 'no deletable volume plugin matched';
      const message = `error getting deleter volume plugin for volume "${volume.metadata.name}": ${why}`;
      await fail(released, 'VolumeFailedDelete', message);
    }
    // A provisioned volume is deleted by its provisioner, which follows the phase.
  };

  const fail = async (volume: PersistentVolume, reason: string, message: string): Promise<void> => {
    const status = { ...volume.status, phase: 'Failed', message };
    await client.updateStatus<PersistentVolume>(kinds.persistentvolumes, { ...volume, status });
    recorder.event(volume, 'Warning', reason, message);
  };

  const giveBack = async (volume: PersistentVolume): Promise<void> => {
    const { claimRef, ...spec } = volume.spec;
    const { [BOUND_BY_CONTROLLER]: byUs, ...annotations } = volume.metadata.annotations ?? {};
    const kept = byUs === undefined && claimRef !== undefined ? { claimRef: { ...claimRef } } : {};
    if (kept.claimRef !== undefined) {
      delete kept.claimRef.uid;
      delete kept.claimRef.resourceVersion;
    }
    await client.update<PersistentVolume>(kinds.persistentvolumes, {
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: { ...spec, ...kept },
    });
  };

  const setPhase = async (volume: PersistentVolume, phase: string): Promise<PersistentVolume> => {
    if (volume.status.phase === phase) return volume;
    const { message: _, reason: __, ...rest } = volume.status;
    const status = { ...rest, phase };
    return client.updateStatus<PersistentVolume>(kinds.persistentvolumes, { ...volume, status });
  };

  const loop = controllerLoop(context, 'persistentvolume-phases', [volumes, claims], reconcile);
  follow(volumes, loop);
  claims.onChange((now, before) => {
    for (const claim of [now, before]) if (claim?.spec.volumeName) loop.add(claim.spec.volumeName);
    if (now !== undefined) return;
    for (const volume of volumes.list()) {
      if (volume.spec.claimRef?.uid === before?.metadata.uid) loop.add(volume.metadata.name);
    }
  });
  return loop;
}
