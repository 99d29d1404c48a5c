import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue, notSupported, required } from '../faults.ts';
import type { DaemonSet } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, notNegative } from './strategy.ts';
import { isNothing, validateSelectorAndTemplate, validateShare } from './workload.ts';
import { daemonSet as cells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as DaemonSet;

export const daemonSet: Behaviour = {
  ...counted,
  cells,
  setDefaults(object) {
    const { spec } = own(object);
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    setTemplateDefaults(spec.template);
  },
  warnings: (object) => templateWarnings(own(object).spec.template, 'spec.template'),
  validate: (object) => validateSpec(own(object)),
  validateUpdate: (object, old) => [
    ...validateSpec(own(object)),
    ...immutable(own(object).spec.selector, own(old).spec.selector, 'spec.selector'),
  ],
};

function validateSpec({ spec }: DaemonSet): FieldFault[] {
  const faults = [
    ...validateSelectorAndTemplate(spec.selector, spec.template, 'spec', 'daemonset'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ];
  const strategy = spec.updateStrategy ?? {};
  const path = 'spec.updateStrategy';
  if (strategy.type === 'RollingUpdate') {
    const rolling = strategy.rollingUpdate;
    if (!rolling) return [...faults, required(`${path}.rollingUpdate`)];
    faults.push(...validateShare(rolling.maxUnavailable, `${path}.rollingUpdate.maxUnavailable`));
    faults.push(...validateShare(rolling.maxSurge, `${path}.rollingUpdate.maxSurge`));
    const [none, noSurge] = [isNothing(rolling.maxUnavailable), isNothing(rolling.maxSurge)];
    if (none && noSurge) {
      faults.push(
        invalidValue(`${path}.rollingUpdate.maxUnavailable`, rolling.maxUnavailable, 'cannot be 0 when maxSurge is 0'),
      );
    } else if (!none && !noSurge) {
      faults.push(
        invalidValue(
          `${path}.rollingUpdate.maxSurge`,
          rolling.maxSurge,
          'may not be set when maxUnavailable is non-zero',
        ),
      );
    }
  } else if (strategy.type !== 'OnDelete') {
    faults.push(notSupported(`${path}.type`, strategy.type, ['OnDelete', 'RollingUpdate']));
  }
  return faults;
}
