import { type Clock, codeOf } from '../../base/index.ts';
import { type KubeObject, StatusError } from '../../engine/kinds/index.ts';
import type { RoadClient } from './contract.ts';

/** Less than a lease lasts, so that whoever cannot be reached is not taken over while he still tries. */
const PATIENCE_MS = 25_000;
const DELAY_FIRST_MS = 250;
const DELAY_MAX_MS = 4_000;
const PASSING_STATUS = new Set([429, 500, 502, 503, 504]);
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What passes by itself: a control plane that is upgraded, a webhook that restarts, too many requests. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StatusError) return PASSING_STATUS.has(error.code);
  return PASSING_CODES.has(codeOf(error) ?? '');
}

/**
 * A client that asks again for up to 25 s what failed for a passing cause, so that a release is not taken back for it.
 * Only what comes to the same end when done twice is asked again: a creation is not, unless it was surely not heard.
 * @param signal ends the pauses between
 */
export function patientClient(client: RoadClient, clock: Clock, signal?: AbortSignal): RoadClient {
  const ask = async <T>(work: () => Promise<T>, isAgain: (error: unknown) => boolean): Promise<T> => {
    const limitMs = clock.monotonic() + PATIENCE_MS;
    for (let delayMs = DELAY_FIRST_MS; ; delayMs = Math.min(delayMs * 2, DELAY_MAX_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!isAgain(error) || signal?.aborted || clock.monotonic() + delayMs > limitMs) throw error;
        await clock.sleep(delayMs, signal);
      }
    }
  };
  const { request, exec } = client;
  return {
    get: (...rest) => ask(() => client.get(...rest), isPassing),
    list: (...rest) => ask(() => client.list(...rest), isPassing),
    create: (...rest) => ask(() => client.create(...rest), wasNotHeard),
    update: (kind, object, options) => {
      // With the version it saw, a second try can only meet a conflict.
      const isSafe = (object as unknown as KubeObject).metadata.resourceVersion !== undefined;
      return ask(() => client.update(kind, object, options), isSafe ? isPassing : wasNotHeard);
    },
    updateStatus: (...rest) => client.updateStatus(...rest),
    patch: (kind, namespace, name, patch, options) =>
      // A conflict here is between writers on the server (a quota, a webhook), since the patch names no version.
      ask(
        () => client.patch(kind, namespace, name, patch, options),
        (error) => isPassing(error) || (patch.type === 'apply' && error instanceof StatusError && error.code === 409),
      ),
    delete: (...rest) => ask(() => client.delete(...rest), isPassing),
    createSubresource: (...rest) => client.createSubresource(...rest),
    watch: (...rest) => client.watch(...rest),
    ...(request ? { request: request.bind(client) } : {}),
    ...(exec ? { exec: exec.bind(client) } : {}),
  };
}

function wasNotHeard(error: unknown): boolean {
  return error instanceof StatusError ? error.code === 429 : codeOf(error) === 'ECONNREFUSED';
}
