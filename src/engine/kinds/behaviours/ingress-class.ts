import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { invalidValue, required } from '../faults.ts';
import type { IngressClass } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { countedWithoutStatus } from './strategy.ts';

const klass = (object: KubeObject) => object as unknown as IngressClass;

export const ingressClass: Behaviour = {
  ...countedWithoutStatus,
  cells(object, now) {
    const { metadata, spec } = klass(object);
    const parameters = spec?.parameters;
    const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
    return [
      metadata.name,
      spec?.controller ?? '',
      parameters ? `${kind}/${parameters.name}` : '<none>',
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const parameters = klass(object).spec?.parameters;
    if (parameters) parameters.scope ??= 'Cluster';
  },
  validate(object) {
    const controller = klass(object).spec?.controller;
    if (!controller) return [required('spec.controller')];
    return /^[^/]+\/.+$/.test(controller)
      ? []
      : [invalidValue('spec.controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  },
  validateUpdate: (object, old) =>
    immutable(klass(object).spec?.controller, klass(old).spec?.controller, 'spec.controller'),
};
