import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import type { ReplicaSet } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, notNegative } from './strategy.ts';
import { validateSelectorAndTemplate } from './workload.ts';
import { replicaSet as cells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as ReplicaSet;

export const replicaSet: Behaviour = {
  ...counted,
  cells,
  selectableFields: { 'status.replicas': (object) => String(own(object).status.replicas ?? 0) },
  setDefaults(object) {
    const { spec } = own(object);
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  warnings: (object) => templateWarnings(own(object).spec.template, 'spec.template'),
  validate: (object) => validateSet(own(object)),
  validateUpdate: (object, old) => [
    ...validateSet(own(object)),
    ...immutable(own(object).spec.selector, own(old).spec.selector, 'spec.selector'),
  ],
};

function validateSet({ spec }: ReplicaSet): FieldFault[] {
  return [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateSelectorAndTemplate(spec.selector, spec.template ?? {}, 'spec', 'deployment'),
  ];
}
