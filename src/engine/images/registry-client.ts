import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { codeOf, messageOf } from '../../base/index.ts';
import { PullError, type RegistryCredentials } from './contract.ts';
import { dockerCredentials } from './docker-config.ts';
import { bodyOf, exchange, isLoopback } from './registry-http.ts';
import { LIMITS, type Settings } from './settings.ts';

export interface RegistryCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream cannot be sent twice: give a function that opens it. */
  readonly body?: string | Uint8Array | (() => Readable | Promise<Readable>);
  /** Statuses that are answers; others become errors in the registry's own words. */
  readonly accept: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

const ANSWER_BYTES_MAX = 1024 * 1024;
const REDIRECTS_MAX = 5;

/** Speaks the OCI distribution specification 1.1 with one registry. */
export class RegistryClient {
  readonly registry: string;
  readonly #settings: Settings;
  readonly #given: RegistryCredentials | undefined;
  #base: Promise<URL> | undefined;
  #credentials: Promise<RegistryCredentials | undefined> | undefined;
  readonly #authorizations = new Map<string, string>();

  constructor(settings: Settings, registry: string, credentials: RegistryCredentials | undefined) {
    this.registry = registry;
    this.#settings = settings;
    this.#given = credentials;
  }

  /**
   * One call below `/v2/`, signed on as asked, sent again after faults that pass.
   * @param path `team/app/manifests/1`, or a whole address the registry gave
   * @param scope `repository:team/app:pull`
   * @throws PullError
   */
  async call(path: string, scope: string, call: RegistryCall): Promise<IncomingMessage> {
    const base = await this.base(call.signal);
    const url = new URL(path, base);
    for (let attempt = 1; ; attempt += 1) {
      let problem: unknown;
      let waitMs = 250 * 2 ** attempt;
      try {
        const response = await this.#signedOn(url, scope, call, base);
        const status = response.statusCode ?? 0;
        if (call.accept.includes(status)) return response;
        problem = await answerError(response, `${call.method ?? 'GET'} ${url.host}${url.pathname}`);
        if (status !== 429 && status < 500) throw problem;
        waitMs = Math.min(Number(response.headers['retry-after'] ?? 0) * 1000 || waitMs, 30_000);
      } catch (error) {
        call.signal?.throwIfAborted();
        if (error instanceof PullError) throw error;
        problem = error;
      }
      if (attempt >= LIMITS.triesMax) throw asPullError(problem, url);
      await this.#settings.clock.sleep(waitMs, call.signal);
    }
  }

  /** The address that paths are relative to. */
  base(signal: AbortSignal | undefined): Promise<URL> {
    this.#base ??= this.#findBase(signal);
    return this.#base;
  }

  async #findBase(signal: AbortSignal | undefined): Promise<URL> {
    const hostname = new URL(`http://${this.registry}`).hostname;
    const plain = isLoopback(hostname) || this.#settings.registries().plainHttp?.includes(this.registry);
    const own = new URL(`${plain ? 'http' : 'https'}://${this.registry}/v2/`);
    if (await this.#speaks(own, signal)) return own;
    // Some registries are named by a domain and answer at a host below it.
    const other = new URL(`https://registry-1.${this.registry}/v2/`);
    if (!plain && !this.registry.includes(':') && (await this.#speaks(other, signal).catch(() => false))) return other;
    return own;
  }

  async #speaks(url: URL, signal: AbortSignal | undefined): Promise<boolean> {
    const response = await exchange({
      method: 'GET',
      url,
      headers: {},
      environment: this.#settings.environment,
      clock: this.#settings.clock,
      signal,
    });
    response.resume();
    return (
      response.statusCode === 200 || (response.statusCode === 401 && response.headers['www-authenticate'] !== undefined)
    );
  }

  async #signedOn(url: URL, scope: string, call: RegistryCall, base: URL): Promise<IncomingMessage> {
    const first = await this.#send(url, scope, call, base);
    if (first.statusCode !== 401) return first;
    first.resume();
    const authorization = await this.#authorize(first.headers['www-authenticate'] ?? '', scope, call.signal);
    if (authorization === undefined) return first;
    this.#authorizations.set(scope, authorization);
    return this.#send(url, scope, call, base);
  }

  async #send(url: URL, scope: string, call: RegistryCall, base: URL): Promise<IncomingMessage> {
    let target = url;
    for (let redirects = 0; ; redirects += 1) {
      const authorization = this.#authorizations.get(scope);
      // A registry may send elsewhere for the bytes; who is asked there must not learn the token.
      const own = target.host === base.host;
      const body = typeof call.body === 'function' ? await call.body() : call.body;
      const response = await exchange({
        method: call.method ?? 'GET',
        url: target,
        headers: { ...call.headers, ...(authorization && own ? { authorization } : {}) },
        body,
        environment: this.#settings.environment,
        clock: this.#settings.clock,
        signal: call.signal,
      });
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || !location || redirects >= REDIRECTS_MAX)
        return response;
      response.resume();
      target = new URL(location, target);
    }
  }

  async #authorize(challenge: string, scope: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    this.#credentials ??= this.#given ? Promise.resolve(this.#given) : dockerCredentials(this.#settings, this.registry);
    const credentials = await this.#credentials;
    const basic =
      credentials?.username !== undefined
        ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password ?? ''}`).toString('base64')}`
        : undefined;
    if (/^basic/i.test(challenge)) return basic;
    if (!/^bearer/i.test(challenge)) return undefined;
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']),
    );
    const realm = fields.get('realm');
    if (!realm) return undefined;
    const url = new URL(realm);
    const service = fields.get('service') ?? '';
    let response: IncomingMessage;
    const { environment, clock } = this.#settings;
    if (credentials?.identityToken) {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: credentials.identityToken,
        service,
        scope,
        client_id: 'wherry',
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      response = await exchange({ method: 'POST', url, headers, body: form.toString(), environment, clock, signal });
    } else {
      if (service) url.searchParams.set('service', service);
      url.searchParams.set('scope', scope);
      response = await exchange({
        method: 'GET',
        url,
        headers: basic ? { authorization: basic } : {},
        environment,
        clock,
        signal,
      });
    }
    if (response.statusCode !== 200) throw await answerError(response, `sign on to ${this.registry}`);
    const answer: { token?: string; access_token?: string } = JSON.parse(
      (await bodyOf(response, ANSWER_BYTES_MAX)).toString(),
    );
    const token = answer.token ?? answer.access_token;
    return token ? `Bearer ${token}` : undefined;
  }
}

/** The registry's own words (distribution-spec, error codes), as a pull error. */
async function answerError(response: IncomingMessage, what: string): Promise<Error> {
  const text = (await bodyOf(response, ANSWER_BYTES_MAX).catch(() => Buffer.alloc(0))).toString();
  let said = '';
  try {
    const answer: { errors?: { code?: string; message?: string }[]; details?: string } = JSON.parse(text);
    said =
      (answer.errors ?? [])
        .map(({ code, message }) => message || (code ?? '').toLowerCase().replaceAll('_', ' '))
        .join(', ') ||
      (answer.details ?? '');
  } catch {
    said = text.slice(0, 200).trim();
  }
  const status = `${response.statusCode} ${response.statusMessage ?? ''}`.trim();
  const message = `${what}: ${said || status}${said && !said.includes(String(response.statusCode)) ? ` (${status})` : ''}`;
  if (response.statusCode === 429 || (response.statusCode ?? 0) >= 500) return new Error(message);
  return new PullError('ErrImagePull', message);
}

function asPullError(error: unknown, url: URL): PullError {
  if (error instanceof PullError) return error;
  const unreachable = ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
  return new PullError(unreachable ? 'RegistryUnavailable' : 'ErrImagePull', `${url.host}: ${messageOf(error)}`, {
    cause: error,
  });
}
