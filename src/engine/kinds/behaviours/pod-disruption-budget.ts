import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue, notSupported } from '../faults.ts';
import type { PodDisruptionBudget } from '../generated/types.ts';
import { validateLabelSelector } from '../object-meta.ts';
import { counted } from './strategy.ts';
import { validateShare } from './workload.ts';

const budget = (object: KubeObject) => object as unknown as PodDisruptionBudget;

export const podDisruptionBudget: Behaviour = {
  unconditionalUpdate: false,
  ...counted,
  cells(object, now) {
    const { metadata, spec, status } = budget(object);
    const text = (value: number | string | undefined) => (value === undefined ? 'N/A' : String(value));
    return [
      metadata.name,
      text(spec.minAvailable),
      text(spec.maxUnavailable),
      status?.disruptionsAllowed ?? 0,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  validate: (object) => validateBudget(budget(object)),
  validateUpdate: (object) => validateBudget(budget(object)),
};

function validateBudget({ spec }: PodDisruptionBudget): FieldFault[] {
  const faults: FieldFault[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    faults.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  faults.push(
    ...validateShare(spec.minAvailable, 'spec.minAvailable'),
    ...validateShare(spec.maxUnavailable, 'spec.maxUnavailable'),
  );
  faults.push(...validateLabelSelector(spec.selector, 'spec.selector'));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined && !['AlwaysAllow', 'IfHealthyBudget'].includes(policy)) {
    faults.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']));
  }
  return faults;
}
