import { readFileSync } from 'node:fs';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { rootCertificates, connect as tlsConnect } from 'node:tls';
import { type Clock, codeOf, messageOf } from '../../base/index.ts';
import { PullError } from './contract.ts';
import { type Environment, LIMITS } from './settings.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable | undefined;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

const AGENT_OPTIONS = { keepAlive: true, maxSockets: 8, maxFreeSockets: 4, timeout: LIMITS.stallTimeoutMs };
const plainAgent = new HttpAgent(AGENT_OPTIONS);
const agents = new Map<string, HttpsAgent>();

/** Faults of the way to the registry, as opposed to what it answers. */
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);

/**
 * One exchange. The answer's body is not read yet; a silence of 30 s breaks it off.
 * @throws PullError RegistryUnavailable when no connection comes about within 3 s
 */
export async function exchange(options: HttpRequest): Promise<IncomingMessage> {
  const { url } = options;
  const tunnel = proxyFor(url, options.environment);
  const socket = tunnel ? await openTunnel(tunnel, url, options.signal) : undefined;
  return new Promise((resolve, reject) => {
    const settings = {
      method: options.method,
      headers: { 'user-agent': 'wherry', 'accept-encoding': 'identity', ...options.headers },
      ...(options.signal ? { signal: options.signal } : {}),
    };
    const request: ClientRequest =
      url.protocol === 'http:'
        ? httpRequest(url, {
            ...settings,
            agent: socket ? false : plainAgent,
            ...(socket ? { createConnection: () => socket } : {}),
          })
        : httpsRequest(url, {
            ...settings,
            agent: socket ? false : agentFor(url.host),
            ...(socket ? { createConnection: () => socket } : {}),
          });
    const timer = options.clock.after(LIMITS.connectTimeoutMs, () =>
      request.destroy(new ConnectError('no connection within 3 s')),
    );
    const connected = () => timer.cancel();
    request.on('socket', (own) => {
      if (!own.connecting) connected();
      else own.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
    });
    request.setTimeout(LIMITS.stallTimeoutMs, () =>
      request.destroy(new Error(`${url.host}: silent for ${LIMITS.stallTimeoutMs} ms`)),
    );
    request.on('error', (error) => {
      connected();
      reject(reachError(url, error));
    });
    request.on('response', (response) => {
      connected();
      resolve(response);
    });
    const { body } = options;
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) request.end(body);
    else {
      body.on('error', (error) => request.destroy(error));
      body.pipe(request);
    }
  });
}

class ConnectError extends Error {}

function reachError(url: URL, error: Error): Error {
  if (error instanceof ConnectError || UNREACHABLE.has(codeOf(error) ?? '')) {
    return new PullError('RegistryUnavailable', `${url.host}: ${messageOf(error) || codeOf(error)}`, { cause: error });
  }
  return error;
}

/** Certificates that the machine holds for one registry, where docker and containerd look for them. */
function agentFor(host: string): HttpsAgent {
  let agent = agents.get(host);
  if (!agent) {
    const extra = ['/etc/docker/certs.d', '/etc/containers/certs.d'].flatMap((directory) => {
      try {
        return [readFileSync(join(directory, host, 'ca.crt'), 'utf8')];
      } catch {
        return [];
      }
    });
    agent = new HttpsAgent(
      extra.length > 0 ? { ...AGENT_OPTIONS, ca: [...rootCertificates, ...extra] } : AGENT_OPTIONS,
    );
    agents.set(host, agent);
  }
  return agent;
}

/** The proxy that the environment names for an address (the conventions of curl). */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const read = (name: string) => environment[name] || environment[name.toUpperCase()];
  const proxy = read(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? read('all_proxy');
  if (!proxy || isLoopback(url.hostname)) return undefined;
  const excluded = (read('no_proxy') ?? '').split(',').map((name) => name.trim().replace(/^\*?\./, ''));
  if (excluded.some((name) => name === '*' || (name && (url.hostname === name || url.hostname.endsWith(`.${name}`)))))
    return undefined;
  const parsed = new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
  return parsed.protocol === 'http:' ? parsed : undefined;
}

export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return (
    bare === 'localhost' ||
    bare.endsWith('.localhost') ||
    bare === '::1' ||
    (isIP(bare) === 4 && bare.startsWith('127.'))
  );
}

/** A connection through a proxy by CONNECT, under TLS for https. */
function openTunnel(proxy: URL, url: URL, signal: AbortSignal | undefined): Promise<Socket> {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const target = `${url.hostname}:${port}`;
  const user = decodeURIComponent(proxy.username);
  const authorization = user
    ? {
        'proxy-authorization': `Basic ${Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64')}`,
      }
    : {};
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: proxy.hostname,
      port: proxy.port || '80',
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization },
      agent: false,
      timeout: LIMITS.connectTimeoutMs,
      ...(signal ? { signal } : {}),
    });
    const unavailable = (why: string, cause?: unknown) =>
      reject(new PullError('RegistryUnavailable', `${url.host} through the proxy ${proxy.host}: ${why}`, { cause }));
    request.on('timeout', () => request.destroy(new Error('no connection within 3 s')));
    request.on('error', (error) => unavailable(messageOf(error), error));
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        unavailable(`it answered ${response.statusCode}`);
        return;
      }
      socket.setTimeout(0);
      if (url.protocol === 'http:') {
        resolve(socket);
        return;
      }
      const secure = tlsConnect({ socket, servername: isIP(url.hostname) ? '' : url.hostname }, () => resolve(secure));
      secure.on('error', reject);
    });
    request.end();
  });
}

/** The whole body, at most `bytesMax` of it. */
export async function bodyOf(response: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > bytesMax) throw new Error(`answer of more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
