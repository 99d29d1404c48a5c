import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault } from '../contract.ts';
import { at, notSupported, required } from '../faults.ts';
import type { MutatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBinding } from '../generated/types.ts';
import { setMatchDefaults } from './admission-match.ts';
import { column } from './columns.ts';
import { countedWithoutStatus } from './strategy.ts';

export const validatingBinding: Behaviour = {
  unconditionalUpdate: false,
  ...countedWithoutStatus,
  columns: [column('Name', 'string', 'name'), column('PolicyName'), column('ParamRef'), column('Age')],
  cells(object, now) {
    const { metadata, spec } = object as unknown as ValidatingAdmissionPolicyBinding;
    return [
      metadata.name,
      spec?.policyName ?? '',
      paramText(spec?.paramRef),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = object as unknown as ValidatingAdmissionPolicyBinding;
    setMatchDefaults(spec?.matchResources);
    if (spec?.paramRef) spec.paramRef.parameterNotFoundAction ??= 'Deny';
  },
  validate(object) {
    const { spec } = object as unknown as ValidatingAdmissionPolicyBinding;
    const faults: FieldFault[] = [];
    if (!spec?.policyName) faults.push(required('spec.policyName'));
    if ((spec?.validationActions ?? []).length === 0)
      faults.push(required('spec.validationActions', 'at least one validation action is required'));
    for (const [index, action] of (spec?.validationActions ?? []).entries()) {
      if (!['Audit', 'Deny', 'Warn'].includes(action))
        faults.push(notSupported(at('spec.validationActions', index), action, ['Audit', 'Deny', 'Warn']));
    }
    return faults;
  },
};

function paramText(reference: { name?: string; namespace?: string; selector?: unknown } | undefined): string {
  if (!reference) return '<unset>';
  if (!reference.name) return '*/*';
  return reference.namespace ? `${reference.namespace}/${reference.name}` : `*/${reference.name}`;
}

export const mutatingBinding: Behaviour = {
  unconditionalUpdate: false,
  ...countedWithoutStatus,
  columns: validatingBinding.columns ?? [],
  cells(object, now) {
    const { metadata, spec } = object as unknown as MutatingAdmissionPolicyBinding;
    return [
      metadata.name,
      spec?.policyName ?? '',
      paramText(spec?.paramRef),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = object as unknown as MutatingAdmissionPolicyBinding;
    setMatchDefaults(spec?.matchResources);
    if (spec?.paramRef) spec.paramRef.parameterNotFoundAction ??= 'Deny';
  },
  validate: (object) =>
    (object as unknown as MutatingAdmissionPolicyBinding).spec?.policyName ? [] : [required('spec.policyName')],
};
