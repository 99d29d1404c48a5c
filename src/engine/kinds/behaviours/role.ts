import type { Behaviour, FieldFault } from '../contract.ts';
import { at, invalidValue, required } from '../faults.ts';
import type { ClusterRole, PolicyRule, Role } from '../generated/types.ts';
import { pathSegmentName } from '../names.ts';
import { validateLabelSelector } from '../object-meta.ts';

export const role: Behaviour = {
  createOnUpdate: true,
  validateName: pathSegmentName,
  validate: (object) => validateRules((object as unknown as Role).rules ?? [], true),
  validateUpdate: (object) => validateRules((object as unknown as Role).rules ?? [], true),
};

export const clusterRole: Behaviour = {
  createOnUpdate: true,
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
