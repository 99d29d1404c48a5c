import { messageOf } from '../../../base/index.ts';
import { kinds, type Pod, type ServiceAccountTokenProjection } from '../../kinds/index.ts';
import type { Scope } from '../scope.ts';
import { VolumeError } from './payload.ts';

const DEFAULT_SECONDS = 3600;
/** Renewed when this part of its life is over, and at the latest after a day (upstream's token manager). */
const RENEW_AT = 0.8;
const RENEW_AT_LATEST_MS = 24 * 3600 * 1000;

interface TokenRequestAnswer {
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

/** A pod's tokens, each asked for once and kept until it is time to renew it. */
export class PodTokens {
  readonly #kept = new Map<string, { token: string; renewAtMs: number }>();

  /** @throws VolumeError */
  async get(scope: Scope, pod: Pod, source: ServiceAccountTokenProjection): Promise<Token> {
    const key = JSON.stringify([source.audience, source.expirationSeconds]);
    const nowMs = scope.context.clock.now();
    const kept = this.#kept.get(key);
    if (kept && kept.renewAtMs > nowMs) return { token: kept.token, renewAfterMs: kept.renewAtMs - nowMs };
    const fresh = await requestToken(scope, pod, source);
    this.#kept.set(key, { token: fresh.token, renewAtMs: nowMs + fresh.renewAfterMs });
    return fresh;
  }
}

interface Token {
  readonly token: string;
  readonly renewAfterMs: number;
}

/** Asks the API for a token of the pod's service account, bound to the pod. */
async function requestToken(scope: Scope, pod: Pod, source: ServiceAccountTokenProjection): Promise<Token> {
  const account = pod.spec.serviceAccountName || 'default';
  const { namespace, name, uid } = pod.metadata;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account, namespace },
    spec: {
      audiences: source.audience ? [source.audience] : [],
      expirationSeconds: source.expirationSeconds ?? DEFAULT_SECONDS,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  };
  let answer: TokenRequestAnswer;
  try {
    answer = (await scope.context.client.createSubresource(
      kinds.serviceaccounts,
      namespace,
      account,
      'token',
      body,
    )) as TokenRequestAnswer;
  } catch (error) {
    throw new VolumeError(`failed to fetch token: ${messageOf(error)}`, { cause: error });
  }
  const token = answer.status?.token;
  if (!token) throw new VolumeError('failed to fetch token: the answer holds none');
  const expiresAtMs = Date.parse(answer.status?.expirationTimestamp ?? '');
  const lifeMs = Number.isNaN(expiresAtMs) ? DEFAULT_SECONDS * 1000 : expiresAtMs - scope.context.clock.now();
  return { token, renewAfterMs: Math.min(Math.max(lifeMs * RENEW_AT, 1000), RENEW_AT_LATEST_MS) };
}
