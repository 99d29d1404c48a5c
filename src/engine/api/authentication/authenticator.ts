import type { UserInfo } from '../../resources/index.ts';
import { type HttpRequest, headerOf } from '../http.ts';
import { certificateUser } from './client-certificate.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const AUTHENTICATED = 'system:authenticated';
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

export interface Authenticator {
  /** Who sends the request; undefined when it carries credentials that are no good (401). */
  authenticate(request: HttpRequest): UserInfo | Promise<UserInfo | undefined> | undefined;
  /** Who a bearer token stands for, with the audiences that it was accepted for. */
  authenticateToken(
    token: string,
    audiences?: readonly string[],
  ): Promise<{ user: UserInfo; audiences: readonly string[] } | undefined>;
}

export interface AuthenticatorOptions {
  tokens: ServiceAccountTokens;
  staticTokens?: ReadonlyMap<string, UserInfo>;
  /** What a static token is good for. */
  audiences: readonly string[];
}

/** Upstream adds the group to everybody who is known (authenticatedGroupAdder). */
function authenticated(user: UserInfo): UserInfo {
  if (user.groups.includes(AUTHENTICATED) || user.groups.includes('system:unauthenticated')) return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/**
 * The union of upstream's authenticators, in its order: client certificate, static token, service account token,
 * anonymous. Credentials that are wrong are refused rather than taken for none.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { tokens } = options;
  const statics = new Map([...(options.staticTokens ?? [])].map(([token, user]) => [token, authenticated(user)]));
  const kept = new WeakMap<UserInfo, UserInfo>();

  async function authenticateToken(token: string, audiences = options.audiences) {
    const user = statics.get(token);
    if (user) {
      const good = audiences.filter((audience) => options.audiences.includes(audience));
      return good.length > 0 ? { user, audiences: good } : undefined;
    }
    const verified = await tokens.verify(token, audiences);
    return verified && { user: authenticated(verified.user), audiences: verified.audiences };
  }

  return {
    authenticateToken,
    authenticate(request) {
      const certificate = certificateUser(request);
      if (certificate === 'untrusted') return undefined;
      if (certificate !== 'none') {
        const known = kept.get(certificate);
        if (known) return known;
        const user = authenticated(certificate);
        kept.set(certificate, user);
        return user;
      }
      const token = bearerToken(request);
      if (token === undefined) return ANONYMOUS;
      return statics.get(token) ?? authenticateToken(token).then((verified) => verified?.user);
    },
  };
}

/** The bearer token of the Authorization header, or of a WebSocket's sub-protocol (for browsers, which cannot set headers). */
function bearerToken(request: HttpRequest): string | undefined {
  const header = headerOf(request.headers, 'authorization');
  if (header !== undefined) {
    const [scheme, token, ...more] = header.trim().split(/ +/);
    if (scheme?.toLowerCase() === 'bearer' && token && more.length === 0) return token;
    return undefined;
  }
  const protocols = headerOf(request.headers, 'sec-websocket-protocol');
  if (!protocols?.includes(TOKEN_PROTOCOL)) return undefined;
  const words = protocols.split(',').map((word) => word.trim());
  const found = words.find((word) => word.startsWith(TOKEN_PROTOCOL));
  request.headers['sec-websocket-protocol'] = words.filter((word) => word !== found).join(', ');
  return found && Buffer.from(found.slice(TOKEN_PROTOCOL.length), 'base64url').toString();
}
