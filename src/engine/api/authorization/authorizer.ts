import type { Attributes, Authorizer, Decision } from './attributes.ts';
import { nodeDecision } from './node.ts';
import type { Policy } from './policy.ts';
import { ruleAllows } from './rules.ts';

const MASTERS: Decision = { allowed: true, reason: '' };

/** Upstream's chain: system:masters may do everything, then the node authoriser, then RBAC. */
export function createAuthorizer(policy: Policy): Authorizer {
  return {
    authorize(attributes: Attributes): Decision {
      if (attributes.user.groups.includes('system:masters')) return MASTERS;
      const node = nodeDecision(attributes);
      if (node) return node;
      const { grants, faults } = policy.rulesFor(attributes.user, attributes.namespace);
      for (const { rule, reason } of grants) {
        if (ruleAllows(rule, attributes)) return { allowed: true, reason };
      }
      return faults.length > 0
        ? { allowed: false, reason: `RBAC: ${faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`}` }
        : { allowed: false, reason: '' };
    },
  };
}
