import type { ResourceInfo } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { reviewLocalSubjectAccess, reviewSelfSubjectAccess, reviewSubjectAccess } from './access-reviews.ts';
import { serveComponentStatuses } from './component-statuses.ts';
import { reviewRules } from './rules-review.ts';
import { requestToken } from './token-request.ts';
import { reviewSelf, reviewToken } from './token-review.ts';

type Review = (context: ApiContext, exchange: Exchange, target: Target) => Promise<void>;

/** Resources that are answered on the spot and never stored, by `GROUP RESOURCE/SUBRESOURCE`. */
const REVIEWS: Readonly<Record<string, Review>> = {
  'authentication.k8s.io tokenreviews/': reviewToken,
  'authentication.k8s.io selfsubjectreviews/': reviewSelf,
  'authorization.k8s.io subjectaccessreviews/': reviewSubjectAccess,
  'authorization.k8s.io selfsubjectaccessreviews/': reviewSelfSubjectAccess,
  'authorization.k8s.io localsubjectaccessreviews/': reviewLocalSubjectAccess,
  'authorization.k8s.io selfsubjectrulesreviews/': reviewRules,
  ' serviceaccounts/token': requestToken,
  ' componentstatuses/': serveComponentStatuses,
};

export function reviewOf(info: ResourceInfo, subresource: string): Review | undefined {
  return REVIEWS[`${info.group} ${info.resource}/${subresource}`];
}
