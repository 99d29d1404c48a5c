import {
  type Catalogue,
  type ClusterRole,
  forbidden,
  type PolicyRule,
  type ResourceInfo,
  type RoleBinding,
} from '../../kinds/index.ts';
import type { Target, UserInfo } from '../../resources/index.ts';
import type { Authorizer } from './attributes.ts';
import type { Policy } from './policy.ts';
import { compactRules, compactString, missingRules } from './rules.ts';

const GROUP = 'rbac.authorization.k8s.io';

/**
 * Nobody makes a role or binding that holds more than they have themselves, unless they may `escalate` the role or
 * `bind` it (upstream's pkg/registry/rbac policybased storage).
 * @throws StatusError 403
 */
export function checkEscalation(
  context: { policy: Policy; authorizer: Authorizer; catalogue: Catalogue },
  user: UserInfo,
  target: Target,
  body: unknown,
): void {
  const { info } = target;
  if (info.group !== GROUP || user.groups.includes('system:masters')) return;
  if (typeof body !== 'object' || body === null) return;
  const name = target.name ?? (body as { metadata?: { name?: string } }).metadata?.name ?? '';
  const namespace = target.namespace ?? '';
  const may = (verb: string, resource: string, about: string) =>
    context.authorizer.authorize({
      user,
      verb,
      isResource: true,
      namespace,
      group: GROUP,
      version: 'v1',
      resource,
      subresource: '',
      name: about,
      path: '',
    }).allowed;
  if (info.resource === 'roles' || info.resource === 'clusterroles') {
    if (may('escalate', info.resource, name)) return;
    const { rules, aggregationRule } = body as ClusterRole;
    if (aggregationRule && info.resource === 'clusterroles') {
      const everything: PolicyRule[] = [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ];
      if (missingRules(owned(context.policy, user, namespace), everything).length > 0) {
        throw forbidden(info, name, 'must have cluster-admin privileges to use the aggregationRule');
      }
    }
    confirm(context.policy, user, namespace, rules ?? [], info, name);
    return;
  }
  const { roleRef } = body as RoleBinding;
  if (!roleRef) return;
  if (may('bind', roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles', roleRef.name)) return;
  const rules = context.policy.rulesOf(roleRef, namespace);
  if (!rules) {
    const word = roleRef.kind === 'ClusterRole' ? 'clusterrole' : 'role';
    throw forbidden(info, name, `${word}.${GROUP} ${JSON.stringify(roleRef.name)} not found`);
  }
  confirm(context.policy, user, namespace, rules, info, name);
}

const owned = (policy: Policy, user: UserInfo, namespace: string) =>
  policy.rulesFor(user, namespace).grants.map((grant) => grant.rule);

function confirm(
  policy: Policy,
  user: UserInfo,
  namespace: string,
  wanted: readonly PolicyRule[],
  info: ResourceInfo,
  name: string,
): void {
  const missing = missingRules(owned(policy, user, namespace), wanted);
  if (missing.length === 0) return;
  const texts = [...new Set(compactRules(missing).map(compactString))].sort();
  const groups = `[${user.groups.map((group) => JSON.stringify(group)).join(' ')}]`;
  throw forbidden(
    info,
    name,
    `user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}`,
  );
}
