import { kinds, type SelfSubjectReview, type TokenReview } from '../../kinds/index.ts';
import type { UserInfo } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendObject } from '../respond.ts';
import { refuseFaults, reviewBody } from './review-body.ts';

/** TokenReview: whose token is this, and is it good for these audiences? */
export async function reviewToken(context: ApiContext, exchange: Exchange): Promise<void> {
  const review = await reviewBody<TokenReview>(exchange, kinds.tokenreviews);
  const { token, audiences } = review.spec ?? {};
  refuseFaults(kinds.tokenreviews, '', token ? [] : [{ path: 'spec.token', type: 'Required', detail: '' }]);
  const wanted = audiences?.length ? audiences : context.audiences;
  const verified = await context.authenticator.authenticateToken(token ?? '', wanted);
  const status = verified
    ? {
        authenticated: true,
        user: userFields(verified.user),
        audiences: verified.audiences,
      }
    : { user: {}, error: '[invalid bearer token]' };
  await sendObject(exchange, 201, { ...review, status });
}

/** SelfSubjectReview: who am I? (`kubectl auth whoami`) */
export async function reviewSelf(_context: ApiContext, exchange: Exchange): Promise<void> {
  const review = await reviewBody<SelfSubjectReview>(exchange, kinds.selfsubjectreviews);
  await sendObject(exchange, 201, { ...review, status: { userInfo: userFields(exchange.user) } });
}

function userFields({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra && Object.keys(extra).length > 0 && { extra }),
  };
}
