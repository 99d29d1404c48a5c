import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, required } from '../faults.ts';
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '../generated/types.ts';
import { kindText, setMatchDefaults } from './admission-match.ts';
import { column } from './columns.ts';
import { counted, countedWithoutStatus } from './strategy.ts';

const policy = (object: KubeObject) => object as unknown as ValidatingAdmissionPolicy;

export const validatingPolicy: Behaviour = {
  unconditionalUpdate: false,
  ...counted,
  columns: [column('Name', 'string', 'name'), column('Validations', 'integer'), column('ParamKind'), column('Age')],
  cells(object, now) {
    const { metadata, spec } = policy(object);
    return [
      metadata.name,
      spec?.validations?.length ?? 0,
      kindText(spec?.paramKind),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = policy(object);
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  validate(object) {
    const { spec } = policy(object);
    const faults: FieldFault[] = [];
    if ((spec?.validations ?? []).length === 0 && (spec?.auditAnnotations ?? []).length === 0) {
      faults.push(
        required('spec.validations', 'validations or auditAnnotations must be provided'),
        required('spec.auditAnnotations', 'validations or auditAnnotations must be provided'),
      );
    }
    if (!spec?.matchConstraints) faults.push(required('spec.matchConstraints'));
    else if ((spec.matchConstraints.resourceRules ?? []).length === 0)
      faults.push(required('spec.matchConstraints.resourceRules'));
    for (const [index, one] of (spec?.validations ?? []).entries()) {
      if (!one.expression?.trim())
        faults.push(required(`${at('spec.validations', index)}.expression`, 'expression is not specified'));
    }
    return faults;
  },
};

export const mutatingPolicy: Behaviour = {
  unconditionalUpdate: false,
  ...countedWithoutStatus,
  columns: [column('Name', 'string', 'name'), column('Mutations', 'integer'), column('ParamKind'), column('Age')],
  cells(object, now) {
    const { metadata, spec } = object as unknown as MutatingAdmissionPolicy;
    return [
      metadata.name,
      spec?.mutations?.length ?? 0,
      kindText(spec?.paramKind),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = object as unknown as MutatingAdmissionPolicy;
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    spec.reinvocationPolicy ??= 'Never';
    setMatchDefaults(spec.matchConstraints);
  },
  validate(object) {
    const { spec } = object as unknown as MutatingAdmissionPolicy;
    const faults: FieldFault[] = [];
    if ((spec?.mutations ?? []).length === 0)
      faults.push(required('spec.mutations', 'mutations must contain at least one item'));
    if (!spec?.matchConstraints) faults.push(required('spec.matchConstraints'));
    return faults;
  },
};
