import {
  badRequest,
  type FieldFault,
  kinds,
  type LocalSubjectAccessReview,
  type SelfSubjectAccessReview,
  type SubjectAccessReview,
} from '../../kinds/index.ts';
import type { Target, UserInfo } from '../../resources/index.ts';
import type { Attributes } from '../authorization/attributes.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendObject } from '../respond.ts';
import { refuseFaults, reviewBody } from './review-body.ts';

type Spec = SubjectAccessReview['spec'];

/** SubjectAccessReview: may this user do that? */
export async function reviewSubjectAccess(context: ApiContext, exchange: Exchange): Promise<void> {
  const review = await reviewBody<SubjectAccessReview>(exchange, kinds.subjectaccessreviews);
  await answer(context, exchange, review, kinds.subjectaccessreviews.kind, subjectOf(review.spec));
}

/** LocalSubjectAccessReview: the same within one namespace. */
export async function reviewLocalSubjectAccess(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const review = await reviewBody<LocalSubjectAccessReview>(exchange, kinds.localsubjectaccessreviews);
  const wanted = review.spec?.resourceAttributes?.namespace;
  if (wanted !== target.namespace) {
    throw badRequest(
      `spec.resourceAttributes.namespace must match namespace: ${wanted ?? ''}/${target.namespace ?? ''}`,
    );
  }
  await answer(context, exchange, review, kinds.localsubjectaccessreviews.kind, subjectOf(review.spec));
}

/** SelfSubjectAccessReview: may I? (`kubectl auth can-i`) */
export async function reviewSelfSubjectAccess(context: ApiContext, exchange: Exchange): Promise<void> {
  const review = await reviewBody<SelfSubjectAccessReview>(exchange, kinds.selfsubjectaccessreviews);
  await answer(context, exchange, review, kinds.selfsubjectaccessreviews.kind, exchange.user);
}

function subjectOf(spec: Spec | undefined): UserInfo | undefined {
  if (!spec?.user && !spec?.groups?.length) return undefined;
  return {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid && { uid: spec.uid }),
    extra: spec.extra ?? {},
  };
}

async function answer(
  context: ApiContext,
  exchange: Exchange,
  review: { spec?: Pick<Spec, 'resourceAttributes' | 'nonResourceAttributes'> },
  kind: string,
  user: UserInfo | undefined,
): Promise<void> {
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {};
  const faults: FieldFault[] = [];
  if (Boolean(resourceAttributes) === Boolean(nonResourceAttributes)) {
    const detail = resourceAttributes
      ? 'cannot be specified in combination with resourceAttributes'
      : 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    faults.push(
      resourceAttributes
        ? { path: 'spec.nonResourceAttributes', type: 'Invalid', value: nonResourceAttributes, detail }
        : { path: 'spec.resourceAttributes', type: 'Invalid', value: null, detail },
    );
  }
  if (!user) {
    faults.push({
      path: 'spec.user',
      type: 'Invalid',
      value: '',
      detail: 'at least one of user or group must be specified',
    });
  }
  refuseFaults({ group: 'authorization.k8s.io', kind }, '', faults);
  if (!user) return;
  const attributes: Attributes = {
    user,
    isResource: Boolean(resourceAttributes),
    verb: resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? '',
    namespace: resourceAttributes?.namespace ?? '',
    group: resourceAttributes?.group ?? '',
    version: resourceAttributes?.version ?? '',
    resource: resourceAttributes?.resource ?? '',
    subresource: resourceAttributes?.subresource ?? '',
    name: resourceAttributes?.name ?? '',
    path: nonResourceAttributes?.path ?? '',
  };
  const { allowed, reason, error } = context.authorizer.authorize(attributes);
  const status = { allowed, ...(reason && { reason }), ...(error && { evaluationError: error }) };
  await sendObject(exchange, 201, { ...review, status });
}
