import {
  type Kind,
  type KubeObject,
  labelMatcher,
  type ObjectReference,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityToNumber,
  type StorageClass,
} from '../../kinds/index.ts';

export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
export const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

export type AnyKind = Kind<KubeObject>;

export function has(object: KubeObject, annotation: string): boolean {
  return object.metadata.annotations?.[annotation] !== undefined;
}

export function claimReference(claim: PersistentVolumeClaim): ObjectReference {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid,
    resourceVersion,
  };
}

/** Whether a volume is set aside for this claim, by name or already by uid. */
export function isMeantFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { claimRef } = volume.spec;
  if (claimRef === undefined) return false;
  return (
    claimRef.name === claim.metadata.name &&
    claimRef.namespace === claim.metadata.namespace &&
    (!claimRef.uid || claimRef.uid === claim.metadata.uid)
  );
}

export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  return classes
    .filter((each) => each.metadata.annotations?.[DEFAULT_CLASS] === 'true')
    .sort(
      (a, b) =>
        Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    )[0];
}

export function requestedBytes(claim: PersistentVolumeClaim): number {
  return quantityToNumber(claim.spec.resources?.requests?.storage ?? 0);
}

/**
 * The volume a claim should have: one set aside for it, else the smallest free one that is large enough. With
 * `preboundOnly` (the claim waits for its first consumer) only the first is looked for.
 */
export function bestVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  preboundOnly: boolean,
): PersistentVolume | undefined {
  const bytes = requestedBytes(claim);
  const selector = claim.spec.selector === undefined ? undefined : labelMatcher(claim.spec.selector);
  let best: PersistentVolume | undefined;
  let bestBytes = Number.POSITIVE_INFINITY;
  for (const volume of volumes) {
    const capacity = quantityToNumber(volume.spec.capacity?.storage ?? 0);
    const modes = volume.spec.accessModes ?? [];
    if (capacity < bytes) continue;
    if ((volume.spec.volumeMode ?? 'Filesystem') !== (claim.spec.volumeMode ?? 'Filesystem')) continue;
    if (isMeantFor(volume, claim)) return volume;
    if (preboundOnly || volume.spec.claimRef !== undefined) continue;
    if (volume.metadata.deletionTimestamp !== undefined || volume.status.phase !== 'Available') continue;
    if ((volume.spec.storageClassName ?? '') !== (claim.spec.storageClassName ?? '')) continue;
    if ((volume.spec.volumeAttributesClassName ?? '') !== (claim.spec.volumeAttributesClassName ?? '')) continue;
    if (selector !== undefined && !selector(volume.metadata.labels)) continue;
    if (!(claim.spec.accessModes ?? []).every((mode) => modes.includes(mode))) continue;
    if (capacity < bestBytes) {
      best = volume;
      bestBytes = capacity;
    }
  }
  return best;
}
