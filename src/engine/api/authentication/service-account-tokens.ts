import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/index.ts';
import type { Catalogue, KubeObject, Pod, Secret } from '../../kinds/index.ts';
import { kinds, StatusError } from '../../kinds/index.ts';
import type { Resources, UserInfo } from '../../resources/index.ts';

export interface ServiceAccountKeys {
  /** PEM, RSA or P-256/P-384/P-521. */
  readonly privateKey: string;
  /** PEM; every key that tokens may be signed with. */
  readonly publicKeys: readonly string[];
  readonly issuer: string;
  /** The audiences of the API server itself; the first is what a token is for when nothing else is asked. */
  readonly audiences: readonly string[];
}

/** What a token is bound to, besides its service account. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenWanted {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The API server's own when not given or empty. */
  readonly audiences?: readonly string[];
  /** 3 600 when not given. */
  readonly expirationSeconds?: number;
  readonly bound?: BoundObject;
  /** The node of the pod that the token is bound to. */
  readonly node?: { readonly name: string; readonly uid?: string };
}

export interface IssuedToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
}

export interface VerifiedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

export interface ServiceAccountTokens {
  issue(wanted: TokenWanted): Promise<IssuedToken>;
  /** A token without an end for a Secret of type kubernetes.io/service-account-token. */
  issueForSecret(account: { namespace: string; name: string; uid: string }, secretName: string): Promise<string>;
  /** Undefined when the token is not ours, over, for somebody else, or bound to what is gone. */
  verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined>;
  /** The key set for others to check tokens with (RFC 7517). */
  keySet(): { keys: object[] };
  readonly issuer: string;
}

interface Reference {
  readonly name: string;
  readonly uid?: string;
}
interface Claims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace: string;
    readonly serviceaccount: Reference;
    readonly pod?: Reference;
    readonly secret?: Reference;
    readonly node?: Reference;
  };
  readonly 'kubernetes.io/serviceaccount/namespace'?: string;
  readonly 'kubernetes.io/serviceaccount/secret.name'?: string;
  readonly 'kubernetes.io/serviceaccount/service-account.name'?: string;
  readonly 'kubernetes.io/serviceaccount/service-account.uid'?: string;
}

const LEGACY_ISSUER = 'kubernetes/serviceaccount';
/** What the kubelet asks for; upstream hands out a year and warns after this, for clients that never read the file again. */
const WARN_ONLY_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;
/** A bound object may be going for this long before its tokens are refused, milliseconds. */
const DELETION_LEEWAY_MS = 60_000;
const KEPT_MAX = 4096;

/** Signs and checks service account tokens as upstream does (KEP-1205, KEP-2799, KEP-4193). */
export function createServiceAccountTokens(options: {
  keys: ServiceAccountKeys;
  resources: Resources;
  catalogue: Catalogue;
  clock: Clock;
}): ServiceAccountTokens {
  const { keys, resources, catalogue, clock } = options;
  const secondsNow = () => Math.floor(clock.now() / 1000);
  const publics = new Map<string, KeyObject>();
  let signing: { key: KeyObject; id: string; algorithm: string } | undefined;
  // Signatures are checked once a token; what changes (time, bound objects) is checked every time.
  const checked = new Map<string, Claims>();

  function publicKeys(): ReadonlyMap<string, KeyObject> {
    if (publics.size === 0) {
      for (const pem of keys.publicKeys) {
        const key = createPublicKey(pem);
        publics.set(keyId(key), key);
      }
    }
    return publics;
  }

  async function sign(claims: object): Promise<string> {
    if (!signing) {
      const key = createPrivateKey(keys.privateKey);
      signing = { key, id: keyId(createPublicKey(key)), algorithm: algorithmOf(key) };
    }
    const { SignJWT } = await import('jose');
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: signing.algorithm, kid: signing.id }).sign(signing.key);
  }

  async function claimsOf(token: string): Promise<Claims | undefined> {
    const known = checked.get(token);
    if (known) return known;
    const { compactVerify, decodeProtectedHeader } = await import('jose');
    try {
      const { kid } = decodeProtectedHeader(token);
      const all = publicKeys();
      const named = kid === undefined ? undefined : all.get(kid);
      for (const key of named ? [named] : all.values()) {
        try {
          const { payload } = await compactVerify(token, key, { algorithms: [algorithmOf(key)] });
          const claims: Claims = JSON.parse(Buffer.from(payload).toString());
          if (checked.size >= KEPT_MAX) checked.clear();
          checked.set(token, claims);
          return claims;
        } catch {
          // Another key may have signed it.
        }
      }
    } catch {
      // Not a signed token at all.
    }
    return undefined;
  }

  function read<T extends KubeObject>(
    kind: { group: string; version: string; resource: string },
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    const info = catalogue.find(kind.group, kind.version, kind.resource);
    if (!info) return undefined;
    try {
      return resources.get(namespace === undefined ? { info, name } : { info, namespace, name }) as T;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** Whether the object is there, is the same one, and has not been going for longer than the leeway. */
  function stands(object: KubeObject | undefined, uid: string | undefined): boolean {
    if (!object || (uid !== undefined && object.metadata.uid !== uid)) return false;
    const deleted = object.metadata.deletionTimestamp;
    return deleted === undefined || clock.now() < Date.parse(deleted) + DELETION_LEEWAY_MS;
  }

  function boundUser(claims: Claims): UserInfo | undefined {
    const about = claims['kubernetes.io'];
    if (!about) return undefined;
    const { namespace, serviceaccount, pod, secret, node } = about;
    if (claims.sub !== accountName(namespace, serviceaccount.name)) return undefined;
    if (!stands(read(kinds.serviceaccounts, namespace, serviceaccount.name), serviceaccount.uid)) return undefined;
    if (secret && !stands(read(kinds.secrets, namespace, secret.name), secret.uid)) return undefined;
    if (pod && !stands(read<Pod>(kinds.pods, namespace, pod.name), pod.uid)) return undefined;
    // A node named beside a pod is information only; a token bound to the node itself ends with it.
    if (node && !pod && !stands(read(kinds.nodes, undefined, node.name), node.uid)) return undefined;
    const extra: Record<string, string[]> = {};
    if (claims.jti) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`];
    for (const [name, reference] of [
      ['pod', pod],
      ['node', node],
    ] as const) {
      if (!reference) continue;
      extra[`authentication.kubernetes.io/${name}-name`] = [reference.name];
      if (reference.uid) extra[`authentication.kubernetes.io/${name}-uid`] = [reference.uid];
    }
    return accountUser(namespace, serviceaccount.name, serviceaccount.uid ?? '', extra);
  }

  function legacyUser(claims: Claims, token: string): UserInfo | undefined {
    const namespace = claims['kubernetes.io/serviceaccount/namespace'] ?? '';
    const name = claims['kubernetes.io/serviceaccount/service-account.name'] ?? '';
    const uid = claims['kubernetes.io/serviceaccount/service-account.uid'] ?? '';
    const secretName = claims['kubernetes.io/serviceaccount/secret.name'] ?? '';
    if (!namespace || !name || !secretName || claims.sub !== accountName(namespace, name)) return undefined;
    const secret = read<Secret>(kinds.secrets, namespace, secretName);
    if (!stands(secret, undefined) || secret?.data?.token !== Buffer.from(token).toString('base64')) return undefined;
    if (!stands(read(kinds.serviceaccounts, namespace, name), uid)) return undefined;
    return accountUser(namespace, name, uid, {});
  }

  return {
    issuer: keys.issuer,
    async issue(wanted) {
      const { namespace, name, uid, bound, node } = wanted;
      const now = secondsNow();
      const seconds = wanted.expirationSeconds ?? 3600;
      const audiences = wanted.audiences?.length ? wanted.audiences : keys.audiences.slice(0, 1);
      const own = audiences.every((audience) => keys.audiences.includes(audience));
      const extended = seconds === WARN_ONLY_SECONDS && own && bound?.kind === 'Pod';
      const reference = bound && { name: bound.name, uid: bound.uid };
      const token = await sign({
        aud: audiences,
        exp: now + (extended ? EXTENDED_SECONDS : seconds),
        iat: now,
        iss: keys.issuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace,
          ...(node && bound?.kind === 'Pod' && { node }),
          ...(bound?.kind === 'Node' && { node: reference }),
          ...(bound?.kind === 'Pod' && { pod: reference }),
          ...(bound?.kind === 'Secret' && { secret: reference }),
          serviceaccount: { name, uid },
          ...(extended && { warnafter: now + seconds }),
        },
        nbf: now,
        sub: accountName(namespace, name),
      });
      const expires = new Date((now + seconds) * 1000).toISOString().replace('.000Z', 'Z');
      return { token, expirationTimestamp: expires };
    },
    issueForSecret(account, secretName) {
      return sign({
        iss: LEGACY_ISSUER,
        'kubernetes.io/serviceaccount/namespace': account.namespace,
        'kubernetes.io/serviceaccount/secret.name': secretName,
        'kubernetes.io/serviceaccount/service-account.name': account.name,
        'kubernetes.io/serviceaccount/service-account.uid': account.uid,
        sub: accountName(account.namespace, account.name),
      });
    },
    async verify(token, audiences) {
      if (token.split('.').length !== 3) return undefined;
      const claims = await claimsOf(token);
      if (!claims) return undefined;
      if (claims.iss === LEGACY_ISSUER) {
        const user = legacyUser(claims, token);
        const good = audiences.filter((audience) => keys.audiences.includes(audience));
        return user && good.length > 0 ? { user, audiences: good } : undefined;
      }
      if (claims.iss !== keys.issuer) return undefined;
      const now = secondsNow();
      if (claims.exp === undefined || now >= claims.exp || (claims.nbf !== undefined && now < claims.nbf)) {
        return undefined;
      }
      const held = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
      const good = audiences.filter((audience) => held.includes(audience));
      if (good.length === 0) return undefined;
      const user = boundUser(claims);
      return user && { user, audiences: good };
    },
    keySet() {
      return {
        keys: [...publicKeys()].map(([id, key]) => ({
          use: 'sig',
          kid: id,
          alg: algorithmOf(key),
          ...key.export({ format: 'jwk' }),
        })),
      };
    },
  };
}

const accountName = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;

function accountUser(namespace: string, name: string, uid: string, extra: Record<string, string[]>): UserInfo {
  return {
    name: accountName(namespace, name),
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra,
  };
}

/** Upstream's key id: the SHA-256 of the key's DER form. */
function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 'ES384';
    case 'secp521r1':
      return 'ES512';
    default:
      return 'ES256';
  }
}
