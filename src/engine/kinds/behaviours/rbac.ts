import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../generated/types.ts';
import { isDnsSubdomain, pathSegmentName } from '../names.ts';
import { immutable, validateLabelSelector } from '../object-meta.ts';

const GROUP = 'rbac.authorization.k8s.io';
const binding = (object: KubeObject) => object as unknown as RoleBinding;

export const role: Behaviour = {
  validateName: pathSegmentName,
  validate: (object) => validateRules((object as unknown as Role).rules ?? [], true),
  validateUpdate: (object) => validateRules((object as unknown as Role).rules ?? [], true),
};

export const clusterRole: Behaviour = {
  validateName: pathSegmentName,
  validate: (object) => validateClusterRole(object as unknown as ClusterRole),
  validateUpdate: (object) => validateClusterRole(object as unknown as ClusterRole),
};

function validateClusterRole({ rules, aggregationRule }: ClusterRole): FieldFault[] {
  const faults = validateRules(rules ?? [], false);
  if (aggregationRule) {
    const selectors = aggregationRule.clusterRoleSelectors ?? [];
    if (selectors.length === 0) {
      faults.push(
        required(
          'aggregationRule.clusterRoleSelectors',
          'at least one clusterRoleSelector required if aggregationRule is non-nil',
        ),
      );
    }
    for (const [index, selector] of selectors.entries()) {
      faults.push(...validateLabelSelector(selector, at('aggregationRule.clusterRoleSelectors', index)));
    }
  }
  return faults;
}

function validateRules(rules: readonly PolicyRule[], isNamespaced: boolean): FieldFault[] {
  return rules.flatMap((rule, index) => validateRule(rule, isNamespaced, at('rules', index)));
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const [groups, resources, urls] = [rule.apiGroups ?? [], rule.resources ?? [], rule.nonResourceURLs ?? []];
  if ((rule.verbs ?? []).length === 0) faults.push(required(`${path}.verbs`, 'verbs must contain at least one value'));
  if (urls.length > 0) {
    if (isNamespaced)
      faults.push(invalidValue(`${path}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (groups.length > 0 || resources.length > 0 || (rule.resourceNames ?? []).length > 0) {
      faults.push(
        invalidValue(
          `${path}.nonResourceURLs`,
          urls,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      );
    }
    return faults;
  }
  if (groups.length === 0)
    faults.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    faults.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return faults;
}

function bindingBehaviour(kinds: readonly string[], needsNamespace: boolean): Behaviour {
  const validate = (object: KubeObject) => validateBinding(binding(object), kinds, needsNamespace);
  return {
    validateName: pathSegmentName,
    setDefaults(object) {
      const { roleRef, subjects } = binding(object);
      if (roleRef) roleRef.apiGroup ||= GROUP;
      for (const subject of subjects ?? []) {
        if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP;
      }
    },
    validate,
    validateUpdate(object, old) {
      const faults = validate(object);
      if (immutable(binding(object).roleRef, binding(old).roleRef, 'roleRef').length > 0) {
        faults.push(invalidValue('roleRef', binding(object).roleRef, 'cannot change roleRef'));
      }
      return faults;
    },
    cells(object, now) {
      const { metadata, roleRef, subjects = [] } = binding(object);
      const names = (kind: string) => subjects.filter((one) => one.kind === kind);
      return [
        metadata.name,
        `${roleRef.kind}/${roleRef.name}`,
        ageSince(metadata.creationTimestamp, now),
        names('User')
          .map((one) => one.name)
          .join(', '),
        names('Group')
          .map((one) => one.name)
          .join(', '),
        names('ServiceAccount')
          .map((one) => `${one.namespace ?? ''}/${one.name}`)
          .join(', '),
      ];
    },
  };
}

export const roleBinding = bindingBehaviour(['Role', 'ClusterRole'], false);
export const clusterRoleBinding = bindingBehaviour(['ClusterRole'], true);

function validateBinding(
  { roleRef, subjects }: RoleBinding,
  kinds: readonly string[],
  needsNamespace: boolean,
): FieldFault[] {
  const faults: FieldFault[] = [];
  if (roleRef?.apiGroup !== GROUP) faults.push(notSupported('roleRef.apiGroup', roleRef?.apiGroup, [GROUP]));
  if (!kinds.includes(roleRef?.kind ?? '')) faults.push(notSupported('roleRef.kind', roleRef?.kind, kinds));
  if (!roleRef?.name) faults.push(required('roleRef.name'));
  else faults.push(...invalidAll('roleRef.name', roleRef.name, pathSegmentName(roleRef.name, false)));
  for (const [index, subject] of (subjects ?? []).entries()) {
    const path = at('subjects', index);
    if (!subject.name) faults.push(required(`${path}.name`));
    switch (subject.kind) {
      case 'ServiceAccount':
        if (subject.name) faults.push(...invalidAll(`${path}.name`, subject.name, isDnsSubdomain(subject.name)));
        if (subject.apiGroup) faults.push(notSupported(`${path}.apiGroup`, subject.apiGroup, ['']));
        if (!subject.namespace && needsNamespace) faults.push(required(`${path}.namespace`));
        break;
      case 'User':
      case 'Group':
        if (subject.apiGroup !== GROUP) faults.push(notSupported(`${path}.apiGroup`, subject.apiGroup, [GROUP]));
        break;
      default:
        faults.push(notSupported(`${path}.kind`, subject.kind, ['Group', 'ServiceAccount', 'User']));
    }
  }
  return faults;
}
