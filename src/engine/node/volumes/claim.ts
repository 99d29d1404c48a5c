import { mkdir } from 'node:fs/promises';
import { kinds, type PersistentVolume, type PersistentVolumeClaim, type Pod } from '../../kinds/index.ts';
import { lookUp, type Scope } from '../scope.ts';
import { setUpHostPath } from './host-path.ts';
import { VolumeError } from './payload.ts';

export interface ClaimedVolume {
  readonly path: string;
  readonly readOnly: boolean;
}

/** The directory behind a bound claim: hostPath and local volumes. @throws VolumeError */
export async function setUpClaim(
  scope: Scope,
  pod: Pod,
  claimName: string,
  ownedByPod: boolean,
): Promise<ClaimedVolume> {
  const { informers } = scope.context;
  const claim = await lookUp<PersistentVolumeClaim>(
    scope,
    informers.of(kinds.persistentvolumeclaims),
    kinds.persistentvolumeclaims,
    pod.metadata.namespace,
    claimName,
  );
  if (!claim) throw new VolumeError(`persistentvolumeclaim "${claimName}" not found`);
  if (ownedByPod && !(claim.metadata.ownerReferences ?? []).some(({ uid }) => uid === pod.metadata.uid)) {
    throw new VolumeError(
      `PVC ${pod.metadata.namespace}/${claimName} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`,
    );
  }
  const volumeName = claim.spec?.volumeName;
  if (!volumeName || claim.status?.phase !== 'Bound') throw new VolumeError(`PVC "${claimName}" is not bound`);
  const volume = await lookUp<PersistentVolume>(
    scope,
    informers.of(kinds.persistentvolumes),
    kinds.persistentvolumes,
    undefined,
    volumeName,
  );
  if (!volume) throw new VolumeError(`persistentvolume "${volumeName}" not found`);
  const readOnly =
    (claim.spec?.accessModes ?? []).every((mode) => mode === 'ReadOnlyMany') &&
    (claim.spec?.accessModes ?? []).length > 0;
  const { hostPath, local } = volume.spec ?? {};
  if (hostPath) return { path: await setUpHostPath(hostPath), readOnly };
  if (local) {
    await mkdir(local.path, { recursive: true });
    return { path: local.path, readOnly };
  }
  throw new VolumeError(`persistentvolume "${volumeName}": only hostPath and local volumes are supported on this node`);
}
