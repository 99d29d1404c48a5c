import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { RoleBinding } from '../generated/types.ts';
import { isDnsSubdomain, pathSegmentName } from '../names.ts';
import { immutable } from '../object-meta.ts';

const GROUP = 'rbac.authorization.k8s.io';

const binding = (object: KubeObject) => object as unknown as RoleBinding;

function bindingBehaviour(kinds: readonly string[], needsNamespace: boolean): Behaviour {
  const validate = (object: KubeObject) => validateBinding(binding(object), kinds, needsNamespace);
  return {
    createOnUpdate: true,
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
