import type { ClusterRole, ClusterRoleBinding, Draft, PolicyRule, Role, RoleBinding } from '../../kinds/index.ts';

export type RoleDraft = Draft<ClusterRole> | Draft<Role>;
export type BindingDraft = Draft<ClusterRoleBinding> | Draft<RoleBinding>;

const GROUP = 'rbac.authorization.k8s.io';
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

const words = (text: string) => text.split(' ').filter((word) => word !== '');

/** A rule in short: verbs, group (`core` is the nameless one) and resources, each a list of words. */
export function rule(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((group) => (group === 'core' ? '' : group)),
    resources: words(resources),
    ...(names && { resourceNames: words(names) }),
  };
}

export function urls(verbs: string, paths: string): PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(paths) };
}

export function clusterRole(
  name: string,
  rules: PolicyRule[],
  labels: Record<string, string> = {},
): Draft<ClusterRole> {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...LABELS, ...labels }, annotations: ANNOTATIONS },
    rules,
  };
}

/** A role that the aggregation controller fills with the rules of those that carry the label. */
export function aggregatedRole(name: string, label: string, labels: Record<string, string> = {}): Draft<ClusterRole> {
  return {
    ...clusterRole(name, [], labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
  };
}

export function role(namespace: string, name: string, rules: PolicyRule[]): Draft<Role> {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Role',
    metadata: { name, namespace, labels: LABELS, annotations: ANNOTATIONS },
    rules,
  };
}

/** Subjects as words: `Group:NAME`, `User:NAME`, `ServiceAccount:NAMESPACE/NAME`. */
function subjects(text: string): NonNullable<ClusterRoleBinding['subjects']> {
  return words(text).map((word) => {
    const colon = word.indexOf(':');
    const kind = word.slice(0, colon);
    const name = word.slice(colon + 1);
    if (kind !== 'ServiceAccount') return { apiGroup: GROUP, kind, name };
    const [namespace = '', account = ''] = name.split('/');
    return { kind, name: account, namespace };
  });
}

export function clusterRoleBinding(name: string, roleName: string, who: string): Draft<ClusterRoleBinding> {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: LABELS, annotations: ANNOTATIONS },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: roleName },
    subjects: subjects(who),
  };
}

export function roleBinding(namespace: string, name: string, roleName: string, who: string): Draft<RoleBinding> {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace, labels: LABELS, annotations: ANNOTATIONS },
    roleRef: { apiGroup: GROUP, kind: 'Role', name: roleName },
    subjects: subjects(who),
  };
}
