import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported } from '../faults.ts';
import type { Deployment, DeploymentStrategy } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, notNegative } from './strategy.ts';
import { isNothing, validateSelectorAndTemplate, validateShare } from './workload.ts';
import { deployment as cells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as Deployment;

export const deployment: Behaviour = {
  ...counted,
  cells,
  setDefaults(object) {
    const { spec } = own(object);
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    setTemplateDefaults(spec.template);
  },
  warnings: (object) => templateWarnings(own(object).spec.template, 'spec.template'),
  validate: (object) => validateSpec(own(object)),
  validateUpdate: (object, old) => [
    ...validateSpec(own(object)),
    ...immutable(own(object).spec.selector, own(old).spec.selector, 'spec.selector'),
  ],
};

function validateSpec({ spec }: Deployment): FieldFault[] {
  const faults = [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...validateSelectorAndTemplate(spec.selector, spec.template, 'spec', 'deployment'),
    ...validateStrategy(spec.strategy ?? {}, 'spec.strategy'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...notNegative(spec.progressDeadlineSeconds, 'spec.progressDeadlineSeconds'),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    faults.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return faults;
}

function validateStrategy(strategy: DeploymentStrategy, path: string): FieldFault[] {
  if (strategy.type === 'Recreate') {
    return strategy.rollingUpdate
      ? [forbiddenField(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
      : [];
  }
  if (strategy.type !== 'RollingUpdate')
    return [notSupported(`${path}.type`, strategy.type, ['Recreate', 'RollingUpdate'])];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {};
  const place = `${path}.rollingUpdate`;
  const faults = [
    ...validateShare(maxUnavailable, `${place}.maxUnavailable`),
    ...validateShare(maxSurge, `${place}.maxSurge`, Number.POSITIVE_INFINITY),
  ];
  if (isNothing(maxUnavailable) && isNothing(maxSurge)) {
    faults.push(invalidValue(`${place}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return faults;
}
