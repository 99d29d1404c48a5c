import {
  type Ingress,
  type IngressClass,
  kinds,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';

const STORAGE_DEFAULT = 'storageclass.kubernetes.io/is-default-class';
const INGRESS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
const OLD_INGRESS_CLASS = 'kubernetes.io/ingress.class';

/** A claim that names no storage class gets the default one: the newest, should there be several. */
export function defaultStorageClass(): Admission {
  return {
    name: 'DefaultStorageClass',
    mutate({ operation, target, object, readAll }) {
      if (operation !== 'CREATE' || target.info.resource !== 'persistentvolumeclaims' || target.subresource) return;
      const claim = object as PersistentVolumeClaim;
      if (claim.spec.storageClassName !== undefined) return;
      const found = newestDefault(readAll(kinds.storageclasses, undefined), STORAGE_DEFAULT);
      if (found) claim.spec.storageClassName = found.metadata.name;
    },
  };
}

/** The same for an Ingress without a class. */
export function defaultIngressClass(): Admission {
  return {
    name: 'DefaultIngressClass',
    mutate({ operation, target, object, readAll }) {
      if (operation !== 'CREATE' || target.info.resource !== 'ingresses' || target.subresource) return;
      const ingress = object as Ingress;
      if (
        ingress.spec.ingressClassName !== undefined ||
        ingress.metadata.annotations?.[OLD_INGRESS_CLASS] !== undefined
      )
        return;
      const found = newestDefault(readAll(kinds.ingressclasses, undefined), INGRESS_DEFAULT);
      if (found) ingress.spec.ingressClassName = found.metadata.name;
    },
  };
}

function newestDefault<T extends StorageClass | IngressClass>(
  classes: readonly T[],
  annotation: string,
): T | undefined {
  return classes
    .filter(({ metadata }) => metadata.annotations?.[annotation] === 'true')
    .sort(
      (a, b) =>
        b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
        a.metadata.name.localeCompare(b.metadata.name),
    )[0];
}
