import { UserError } from '../../base/index.ts';
import type { LoadOptions } from './contract.ts';

const RATE_MAX = 20_000;
const CONNECTIONS_MAX = 2000;
const PATHS_MAX = 1000;

/** What is asked, settled once before the first request. */
export interface Target {
  readonly secure: boolean;
  /** Where the connection goes; a name below localhost is loopback (RFC 6761), which not every resolver knows. */
  readonly address: string;
  readonly port: number;
  /** Name for TLS and the Host header's name. */
  readonly hostname: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query of each request, in turn. */
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
  readonly connectionsMax: number;
  readonly timeoutMs: number;
}

/** @throws UserError when the URL, the rate or a bound cannot be. */
export function targetOf(options: LoadOptions): Target {
  const url = urlOf(options.url);
  const paths = (options.paths ?? []).length > 0 ? (options.paths ?? []) : [url.pathname + url.search];
  if (paths.length > PATHS_MAX) throw wrong('paths', `${paths.length} are more than ${PATHS_MAX}`);
  const { ratePerSecond, durationMs, connectionsMax = 64, timeoutMs = 10_000 } = options;
  if (!(ratePerSecond >= 1 && ratePerSecond <= RATE_MAX)) {
    throw wrong('rate', `${ratePerSecond} is not a rate from 1 to ${RATE_MAX} requests a second`);
  }
  if (durationMs !== undefined && !(durationMs > 0)) throw wrong('duration', `${durationMs} ms is not above 0`);
  if (!(connectionsMax >= 1 && connectionsMax <= CONNECTIONS_MAX)) {
    throw wrong('connections', `${connectionsMax} is not a number from 1 to ${CONNECTIONS_MAX}`);
  }
  if (!(timeoutMs >= 1 && timeoutMs <= 600_000)) throw wrong('timeout', `${timeoutMs} ms is not from 1 to 600000`);
  return {
    secure: url.protocol === 'https:',
    address: url.hostname.endsWith('.localhost') ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    hostname: url.hostname,
    method: (options.method ?? 'GET').toUpperCase(),
    headers: { host: url.host, 'user-agent': 'wherry', accept: '*/*', ...options.headers },
    paths: paths.map((path) => {
      const { pathname, search } = new URL(path, url);
      return pathname + search;
    }),
    ratePerSecond,
    connectionsMax,
    timeoutMs,
  };
}

function urlOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('URL', `"${text}" is not one`, 'Write it with its scheme: http://users.localhost:8080/users');
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw wrong('URL', `"${text}" is neither http nor https`);
}

function wrong(place: string, fault: string, wayOut?: string): UserError {
  return new UserError(place, fault, wayOut, { exitStatus: 2 });
}
