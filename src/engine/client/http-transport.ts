import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { codeOf, messageOf } from '../../base/index.ts';
import { type Status, StatusError } from '../kinds/index.ts';

export interface HttpClientOptions {
  /** `https://127.0.0.1:6443`; a path is kept as a prefix. */
  server: string;
  /** PEM. */
  ca?: string;
  /** PEM, with `key`. */
  certificate?: string;
  key?: string;
  /** A bearer token, or what to ask for one before each request. */
  token?: string | (() => Promise<string | undefined>);
  /** Do not verify the server's certificate. */
  insecure?: boolean;
  /** Name to verify the server's certificate against. */
  serverName?: string;
  /** How long an answer may stay silent; 30 000 when not given. Watches and streams have no limit. */
  timeoutMs?: number;
  username?: string;
  password?: string;
}

export interface RawRequest {
  body?: string | Uint8Array;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
  /** The answer has no end of its own (watch, followed log): no time limit, a connection of its own. */
  stream?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readable;
  /** The whole body; rejects past 512 MiB. */
  text(): Promise<string>;
}

export interface HttpTransport {
  /** @throws StatusError for 400 and above; Error with `cause` when the server cannot be reached. */
  send(method: string, path: string, request?: RawRequest): Promise<RawAnswer>;
  /** Closes idle connections; those in use end with their requests. */
  close(): void;
}

const BODY_BYTES_MAX = 512 * 1024 * 1024;
const CONNECTIONS_MAX = 64;

/** HTTP/1.1 with connections kept alive. @throws TypeError for a server that is no http(s) URL. */
export function createTransport(options: HttpClientOptions): HttpTransport {
  const base = new URL(options.server);
  if (base.protocol !== 'https:' && base.protocol !== 'http:') {
    throw new TypeError(`server ${JSON.stringify(options.server)}: must be an http or https URL`);
  }
  const secure = base.protocol === 'https:';
  const tls: https.AgentOptions = secure
    ? {
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.certificate === undefined ? {} : { cert: options.certificate }),
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.serverName === undefined ? {} : { servername: options.serverName }),
        rejectUnauthorized: !options.insecure,
      }
    : {};
  const agentFor = (settings: http.AgentOptions) =>
    secure ? new https.Agent({ ...tls, ...settings }) : new http.Agent(settings);
  const shared = agentFor({ keepAlive: true, maxSockets: CONNECTIONS_MAX, scheduling: 'lifo' });
  const single = agentFor({ keepAlive: false });
  const module = secure ? https : http;
  const prefix = base.pathname.replace(/\/$/, '');

  const attempt = (method: string, path: string, headers: http.OutgoingHttpHeaders, request: RawRequest) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const outgoing = module.request(
        {
          agent: request.stream ? single : shared,
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port || (secure ? 443 : 80),
          method,
          path: prefix + path,
          headers,
          ...(request.signal ? { signal: request.signal } : {}),
        },
        resolve,
      );
      if (!request.stream) {
        const timeoutMs = options.timeoutMs ?? 30_000;
        outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      }
      outgoing.on('error', (error) => {
        // A server may close an idle connection at the moment it is used again: that request never arrived.
        const stale = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
        reject(stale ? new StaleConnection() : error);
      });
      outgoing.end(request.body);
    });

  return {
    async send(method, path, request = {}) {
      const headers: http.OutgoingHttpHeaders = {
        accept: request.accept ?? 'application/json',
        'user-agent': 'wherry',
      };
      const token = typeof options.token === 'function' ? await options.token() : options.token;
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      else if (options.username !== undefined) {
        const pair = Buffer.from(`${options.username}:${options.password ?? ''}`).toString('base64');
        headers.authorization = `Basic ${pair}`;
      }
      if (request.body !== undefined) {
        headers['content-type'] = request.contentType ?? 'application/json';
        headers['content-length'] = Buffer.byteLength(request.body);
      }
      const incoming = await withRetry(() => attempt(method, path, headers, request)).catch((error: unknown) => {
        if (request.signal?.aborted) throw error;
        throw new Error(
          `${method.toLowerCase()} ${base.origin}${path.split('?')[0]}: ${messageOf(error) || codeOf(error)}`,
          {
            cause: error,
          },
        );
      });
      const answer: RawAnswer = {
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body: incoming,
        text: () => readAll(incoming),
      };
      if (answer.status >= 400) throw errorOf(answer.status, await answer.text());
      return answer;
    },
    close() {
      shared.destroy();
      single.destroy();
    },
  };
}

class StaleConnection extends Error {}

async function withRetry<T>(attempt: () => Promise<T>): Promise<T> {
  // Each stale connection is thrown away, so there are at most as many of them as the agent keeps.
  for (let tries = 0; tries < CONNECTIONS_MAX; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
    }
  }
  throw new Error('connection closed by the server');
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_BYTES_MAX) {
      stream.destroy();
      throw new Error(`answer of more than ${BODY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The Status a server sent, or one made from the bare HTTP answer of a proxy in between. */
function errorOf(code: number, text: string): StatusError {
  try {
    const body = JSON.parse(text) as Partial<Status>;
    if (body.kind === 'Status') return new StatusError({ code, ...body } as Status);
  } catch {
    // Not JSON: the text itself is the message.
  }
  const message = text.trim() || http.STATUS_CODES[code] || 'unknown error';
  return new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code,
    message,
    reason: REASONS[code] ?? 'InternalError',
  });
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
