import {
  badRequest,
  kinds,
  type NonResourceRule,
  type PolicyRule,
  type ResourceRule,
  type SelfSubjectRulesReview,
} from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendObject } from '../respond.ts';
import { reviewBody } from './review-body.ts';

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** SelfSubjectRulesReview: what may I do in this namespace? (`kubectl auth can-i --list`) */
export async function reviewRules(context: ApiContext, exchange: Exchange): Promise<void> {
  const review = await reviewBody<SelfSubjectRulesReview>(exchange, kinds.selfsubjectrulesreviews);
  const namespace = review.spec?.namespace;
  if (!namespace) throw badRequest('no namespace on request');
  const { grants, faults } = context.policy.rulesFor(exchange.user, namespace);
  const rules = exchange.user.groups.includes('system:masters') ? [...EVERYTHING] : [];
  rules.push(...grants.map((grant) => grant.rule));
  const resourceRules: ResourceRule[] = [];
  const nonResourceRules: NonResourceRule[] = [];
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    if (resources?.length) {
      resourceRules.push({
        verbs,
        apiGroups: apiGroups ?? [],
        resources,
        ...(resourceNames?.length && { resourceNames }),
      });
    }
    if (nonResourceURLs?.length) nonResourceRules.push({ verbs, nonResourceURLs });
  }
  const status = {
    resourceRules,
    nonResourceRules,
    incomplete: faults.length > 0,
    ...(faults.length > 0 && { evaluationError: faults.join(', ') }),
  };
  await sendObject(exchange, 201, { ...review, status });
}
