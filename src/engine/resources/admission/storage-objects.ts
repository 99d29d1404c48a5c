import { compareQuantity, forbidden, type KubeObject, kinds, type PersistentVolumeClaim } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** Volumes and claims carry a finalizer that goes when nobody uses them any more. */
export function storageObjectInUseProtection(): Admission {
  return {
    name: 'StorageObjectInUseProtection',
    mutate({ operation, target, object }) {
      const finalizer = target.info.group === '' && !target.subresource ? FINALIZERS[target.info.resource] : undefined;
      if (operation !== 'CREATE' || !finalizer || !object) return;
      const { metadata } = object as KubeObject;
      if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    },
  };
}

/** A claim grows only where its storage class lets it. */
export function persistentVolumeClaimResize(): Admission {
  return {
    name: 'PersistentVolumeClaimResize',
    validate({ operation, target, object, old, read }) {
      if (operation !== 'UPDATE' || target.info.resource !== 'persistentvolumeclaims' || target.subresource) return;
      const now = object as PersistentVolumeClaim;
      const before = old as PersistentVolumeClaim;
      const [wanted, had] = [now.spec.resources?.requests?.storage, before.spec.resources?.requests?.storage];
      if (wanted === undefined || had === undefined || compareQuantity(wanted, had) <= 0) return;
      const refuse = (why: string) => forbidden(kinds.persistentvolumeclaims, now.metadata.name, why);
      if (before.status.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded');
      const found = now.spec.storageClassName
        ? read(kinds.storageclasses, undefined, now.spec.storageClassName)
        : undefined;
      if (!found?.allowVolumeExpansion) {
        throw refuse(
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        );
      }
    },
  };
}
