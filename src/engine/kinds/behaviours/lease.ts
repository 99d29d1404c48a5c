import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue } from '../faults.ts';
import type { Lease } from '../generated/types.ts';

const own = (object: KubeObject) => object as unknown as Lease;

export const lease: Behaviour = {
  createOnUpdate: true,
  unconditionalUpdate: false,
  cells: (object, now) => [
    own(object).metadata.name,
    own(object).spec?.holderIdentity ?? '',
    ageSince(own(object).metadata.creationTimestamp, now),
  ],
  validate: (object) => validateLease(own(object)),
  validateUpdate: (object) => validateLease(own(object)),
};

function validateLease({ spec }: Lease): FieldFault[] {
  const faults: FieldFault[] = [];
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    faults.push(invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    faults.push(invalidValue('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'));
  }
  return faults;
}
