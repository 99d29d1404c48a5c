import type { Running } from '../../client/index.ts';
import { kinds, type PersistentVolume, type PersistentVolumeClaim } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import {
  BETA_STORAGE_PROVISIONER,
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  bestVolume,
  claimReference,
  defaultClass,
  has,
  isMeantFor,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from './volume-facts.ts';

const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** Joins PersistentVolumeClaims with PersistentVolumes (the claims' side; volume-phases.ts keeps the volumes'). */
export function startVolumeBinder(context: ControllerContext): Running {
  const { client, informers } = context;
  const claims = informers.of(kinds.persistentvolumeclaims);
  const volumes = informers.of(kinds.persistentvolumes);
  const classes = informers.of(kinds.storageclasses);
  const recorder = context.recorder('persistentvolume-controller');

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const claim = claims.get(namespace, name);
    if (claim === undefined) return;
    if (has(claim, BIND_COMPLETED)) await keepBound(claim);
    else if (claim.spec.volumeName) await bindToNamed(claim);
    else await seek(claim);
  };

  const seek = async (claim: PersistentVolumeClaim): Promise<void> => {
    if (claim.spec.storageClassName === undefined && (await giveDefaultClass(claim))) return;
    const className = claim.spec.storageClassName ?? '';
    const storageClass = className === '' ? undefined : classes.get(undefined, className);
    const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !has(claim, SELECTED_NODE);
    const volume = bestVolume(claim, volumes.list(), waits);
    if (volume !== undefined) {
      await bind(claim, volume);
      return;
    }
    if (waits) {
      const message = 'waiting for first consumer to be created before binding';
      recorder.event(claim, 'Normal', 'WaitForFirstConsumer', message);
    } else if (className === '') {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      recorder.event(claim, 'Normal', 'FailedBinding', message);
    } else if (storageClass === undefined) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
    } else if (storageClass.provisioner !== NO_PROVISIONER) {
      await askProvisioner(claim, storageClass.provisioner);
    }
    await setPhase(claim, 'Pending');
  };

  /** The annotation tells the provisioner that this claim is its own to serve. */
  const askProvisioner = async (claim: PersistentVolumeClaim, provisioner: string): Promise<void> => {
    if (claim.metadata.annotations?.[STORAGE_PROVISIONER] !== provisioner) {
      const { namespace, name, uid } = claim.metadata;
      const annotations = { [STORAGE_PROVISIONER]: provisioner, [BETA_STORAGE_PROVISIONER]: provisioner };
      const body = { metadata: { uid, annotations } };
      await client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body });
    }
    recorder.event(
      claim,
      'Normal',
      'ExternalProvisioning',
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    );
  };

  const giveDefaultClass = async (claim: PersistentVolumeClaim): Promise<boolean> => {
    const chosen = defaultClass(classes.list());
    if (chosen === undefined) return false;
    const { namespace, name, uid } = claim.metadata;
    const body = { metadata: { uid }, spec: { storageClassName: chosen.metadata.name } };
    await client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body });
    return true;
  };

  const bindToNamed = async (claim: PersistentVolumeClaim): Promise<void> => {
    const volume = volumes.get(undefined, claim.spec.volumeName ?? '');
    if (volume === undefined) {
      await setPhase(claim, 'Pending');
    } else if (volume.spec.claimRef === undefined || isMeantFor(volume, claim)) {
      await bind(claim, volume);
    } else {
      const message = `volume "${volume.metadata.name}" already bound to a different claim.`;
      recorder.event(claim, 'Warning', 'FailedBinding', message);
      await setPhase(claim, 'Pending');
    }
  };

  const keepBound = async (claim: PersistentVolumeClaim): Promise<void> => {
    const volume = claim.spec.volumeName ? volumes.get(undefined, claim.spec.volumeName) : undefined;
    if (volume === undefined) {
      const lost = claim.spec.volumeName ? 'its PersistentVolume' : 'reference to PersistentVolume';
      await lose(claim, 'ClaimLost', `Bound claim has lost ${lost}. Data on the volume is lost!`);
    } else if (volume.spec.claimRef === undefined || isMeantFor(volume, claim)) {
      await bind(claim, volume);
    } else {
      const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
      await lose(claim, 'ClaimMisbound', message);
    }
  };

  const lose = async (claim: PersistentVolumeClaim, reason: string, message: string): Promise<void> => {
    if (claim.status.phase === 'Lost') return;
    await setPhase(claim, 'Lost');
    recorder.event(claim, 'Warning', reason, message);
  };

  /** Each of the four writes is left out when it is done already, so an interrupted binding goes on where it was. */
  const bind = async (claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> => {
    let boundVolume = volume;
    if (volume.spec.claimRef?.uid !== claim.metadata.uid) {
      const byUs = volume.spec.claimRef === undefined ? { [BOUND_BY_CONTROLLER]: 'yes' } : {};
      boundVolume = await client.update<PersistentVolume>(kinds.persistentvolumes, {
        ...volume,
        metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...byUs } },
        spec: { ...volume.spec, claimRef: claimReference(claim) },
      });
    }
    if (boundVolume.status.phase !== 'Bound') {
      const status = { ...boundVolume.status, phase: 'Bound' };
      boundVolume = await client.updateStatus<PersistentVolume>(kinds.persistentvolumes, { ...boundVolume, status });
    }
    let boundClaim = claim;
    if (claim.spec.volumeName !== volume.metadata.name || !has(claim, BIND_COMPLETED)) {
      const byUs = claim.spec.volumeName ? {} : { [BOUND_BY_CONTROLLER]: 'yes' };
      const annotations = { ...claim.metadata.annotations, ...byUs, [BIND_COMPLETED]: 'yes' };
      boundClaim = await client.update<PersistentVolumeClaim>(kinds.persistentvolumeclaims, {
        ...claim,
        metadata: { ...claim.metadata, annotations },
        spec: { ...claim.spec, volumeName: volume.metadata.name },
      });
    }
    // The capacity of a bound claim is its resizer's to change.
    const capacity = boundClaim.status.phase === 'Bound' ? boundClaim.status.capacity : boundVolume.spec.capacity;
    const status = {
      ...boundClaim.status,
      phase: 'Bound',
      ...(boundVolume.spec.accessModes === undefined ? {} : { accessModes: boundVolume.spec.accessModes }),
      ...(capacity === undefined ? {} : { capacity }),
    };
    if (semanticEqual(status, boundClaim.status)) return;
    await client.updateStatus<PersistentVolumeClaim>(kinds.persistentvolumeclaims, { ...boundClaim, status });
  };

  const setPhase = async (claim: PersistentVolumeClaim, phase: string): Promise<void> => {
    if (claim.status.phase === phase) return;
    const { capacity: _, accessModes: __, ...rest } = claim.status;
    const status = { ...rest, phase };
    await client.updateStatus<PersistentVolumeClaim>(kinds.persistentvolumeclaims, { ...claim, status });
  };

  const loop = controllerLoop(context, 'persistentvolume-binder', [claims, volumes, classes], reconcile);
  follow(claims, loop);
  const retryUnbound = (): void => {
    for (const claim of claims.list()) if (!has(claim, BIND_COMPLETED)) loop.add(keyOf(claim));
  };
  volumes.onChange((now, before) => {
    const reference = (now ?? before)?.spec.claimRef;
    if (reference !== undefined) loop.add(`${reference.namespace}/${reference.name}`);
    else retryUnbound();
  });
  classes.onChange(retryUnbound);
  return loop;
}
