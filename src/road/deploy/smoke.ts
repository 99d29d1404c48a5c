import http from 'node:http';
import https from 'node:https';
import { type Clock, messageOf, UserError } from '../../base/index.ts';
import { StatusError } from '../../engine/kinds/index.ts';
import type { Route } from '../project/index.ts';
import type { RoadClient } from './contract.ts';

const ANSWER_MS = 10_000;
const BODY_BYTES_MAX = 64 * 1024;

/** One request of a smoke test and its answer. */
export interface SmokeCheck {
  readonly path: string;
  readonly status: number;
  readonly tookMs: number;
}

export interface SmokeOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long the first path may take to answer well; 20 000 when not given. */
  readonly patienceMs?: number;
}

/** The paths worth asking, told by the routes: those with a role, then plain GETs; at most six. */
export function smokePaths(routes: readonly Route[]): string[] {
  const plain = routes.filter(({ method, path }) => method === 'GET' && !/[:<{*(]/.test(path));
  const order = ['ready', 'health', 'version'];
  const withRole = order.flatMap((role) => plain.filter((route) => route.role === role).slice(0, 1));
  const others = plain.filter(({ role }) => role === undefined);
  const paths = [...withRole, ...others].map(({ path }) => path);
  return paths.length > 0 ? [...new Set(paths)].slice(0, 6) : ['/'];
}

/**
 * Asks each path of a URL. The first is asked again until it answers well, since a way in may open a moment after the
 * pods are ready; the others once. 4xx passes on plain routes (a login may be wanted), 5xx never does.
 * @throws UserError with status and the answer's first line.
 */
export async function smoke(url: string, paths: readonly string[], options: SmokeOptions): Promise<SmokeCheck[]> {
  return await askEach(
    paths,
    (path) => new URL(path, url).href,
    (target) => ask(target, options.signal),
    options,
  );
}

/**
 * The same through the API server's way to a Service: where no user comes, and from any machine that reaches the API.
 * `place` names namespace, Service and one of its ports.
 */
export async function smokeService(
  client: Required<Pick<RoadClient, 'request'>>,
  place: { readonly namespace: string; readonly service: string; readonly port: string },
  paths: readonly string[],
  options: SmokeOptions,
): Promise<SmokeCheck[]> {
  const { namespace, service, port } = place;
  const base = `/api/v1/namespaces/${namespace}/services/${service}:${port}/proxy`;
  const askService = async (path: string): Promise<Answer> => {
    try {
      const answer = await client.request('GET', path, { accept: '*/*', signal: options.signal });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      // The API server hands on what the app answered, as an error of its own kind from 400 on.
      return { status: error instanceof StatusError ? error.code : 0, text: messageOf(error) };
    }
  };
  return await askEach(paths, (path) => base + path, askService, options, `service/${service}`);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function askEach(
  paths: readonly string[],
  targetOf: (path: string) => string,
  askFor: (target: string) => Promise<Answer>,
  options: SmokeOptions,
  place?: string,
): Promise<SmokeCheck[]> {
  const checks: SmokeCheck[] = [];
  const limit = options.clock.monotonic() + (options.patienceMs ?? 20_000);
  for (const [index, path] of paths.entries()) {
    const target = targetOf(path);
    for (let delay = 20; ; delay = Math.min(delay * 2, 500)) {
      options.signal.throwIfAborted();
      const started = options.clock.monotonic();
      const answer = await askFor(target);
      const good = answer.status > 0 && answer.status < (index === 0 ? 404 : 500);
      if (good) {
        checks.push({ path, status: answer.status, tookMs: Math.round(options.clock.monotonic() - started) });
        break;
      }
      if (index > 0 || options.clock.monotonic() >= limit) {
        const said = answer.status > 0 ? `answered ${answer.status}` : 'did not answer';
        throw new UserError(
          place === undefined ? `GET ${target}` : `${place}: GET ${path}`,
          `${said}: ${answer.text.trim().split('\n')[0] ?? ''}`,
        );
      }
      await options.clock.sleep(delay, options.signal);
    }
  }
  return checks;
}

/** Whether a URL answers at all, without an error of the server's, within the time given. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const { status } = await ask(url, signal);
  return status > 0 && status < 500;
}

function ask(url: string, signal: AbortSignal): Promise<Answer> {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const secure = protocol === 'https:';
  // RFC 6761: every name below localhost is loopback; not every resolver knows.
  const address = hostname.endsWith('.localhost') ? '127.0.0.1' : hostname;
  return new Promise((resolve) => {
    const request = (secure ? https : http).request(
      {
        host: address.replace(/^\[|\]$/g, ''),
        port: port || (secure ? 443 : 80),
        path: pathname + search,
        headers: { host, connection: 'close', 'user-agent': 'wherry' },
        ...(secure ? { servername: hostname } : {}),
        timeout: ANSWER_MS,
        signal,
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < BODY_BYTES_MAX) text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', (error) => resolve({ status: 0, text: messageOf(error) }));
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    request.on('error', (error) => resolve({ status: 0, text: messageOf(error) }));
    request.end();
  });
}
