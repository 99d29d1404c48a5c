import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { invalidAll } from '../faults.ts';
import type { Namespace } from '../generated/types.ts';
import { dnsLabelName, isQualifiedName } from '../names.ts';
import { copy } from '../object-meta.ts';
import { loose } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as Namespace;

export const namespace: Behaviour = {
  validateName: dnsLabelName,
  cells: (object, now) => [
    own(object).metadata.name,
    own(object).status?.phase ?? '',
    ageSince(own(object).metadata.creationTimestamp, now),
  ],
  selectableFields: { 'status.phase': (object) => own(object).status?.phase ?? '' },
  setDefaults(object) {
    const { metadata } = own(object);
    if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
    own(object).status ??= {};
    own(object).status.phase ||= 'Active';
  },
  prepareForCreate(object) {
    const target = own(object);
    target.status = { phase: 'Active' };
    // A generated name was not known to the defaults.
    target.metadata.labels = { ...target.metadata.labels, 'kubernetes.io/metadata.name': target.metadata.name };
    // The namespace controller takes it away when everything inside is gone.
    target.spec ??= {};
    const finalizers = target.spec.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) target.spec.finalizers = [...finalizers, 'kubernetes'];
  },
  prepareForUpdate(object, old) {
    // Finalizers go by the finalize subresource only.
    own(object).spec = copy(own(old).spec ?? {});
    own(object).status = copy(own(old).status ?? {});
  },
  prepareForStatusUpdate(object, old) {
    loose(object).spec = copy(loose(old).spec ?? {});
  },
  validate: (object) =>
    (own(object).spec?.finalizers ?? []).flatMap((name) => invalidAll('spec.finalizers', name, isQualifiedName(name))),
};
