import type { ServerResponse } from 'node:http';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { codeOf, type Log } from '../../base/index.ts';
import type { IngressRule } from './contract.ts';
import type { Backend, IngressBackends } from './ingress-backends.ts';

/** How long a backend may be silent. */
const BACKEND_IDLE_MS = 300_000;
const CONNECT_FAULTS = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** RFC 9110 section 7.6.1: these belong to one connection. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']);

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/**
 * Passes a request on to a backend of the rule, body and answer streamed. No request is lost while a pod goes: a backend
 * that refuses the connection has seen nothing, so the next one is tried whatever the method; one that drops a kept
 * connection before its answer is tried again when the request has no body and may be repeated. Requests that may not be
 * repeated go over a connection of their own, which cannot have been closed meanwhile.
 */
export function forward(
  rule: IngressRule,
  request: Incoming,
  response: Outgoing,
  backends: IngressBackends,
  log: Log,
): void {
  const candidates = backends.inTurn(rule);
  const hasBody = mayHaveBody(request);
  const isRepeatable = !hasBody && IDEMPOTENT.has(request.method ?? 'GET');
  let outgoing: ClientRequest | undefined;
  response.on('close', () => outgoing?.destroy());
  const attempt = (index: number, repeats: number): void => {
    const backend = candidates[index % candidates.length];
    if (!backend) {
      refuse(response, 503, `No endpoints are ready for ingress ${rule.owner}.`);
      return;
    }
    const current = httpRequest({
      ...destination(backend, request),
      agent: isRepeatable ? backends.agentOf(backend) : false,
      setHost: false,
      timeout: BACKEND_IDLE_MS,
    });
    outgoing = current;
    let isAnswered = false;
    current.on('timeout', () => current.destroy(new Error('no answer in time')));
    current.on('error', (error) => {
      if (isAnswered || response.destroyed || response.writableEnded) return;
      const refused = CONNECT_FAULTS.has(codeOf(error) ?? '');
      if (refused && index + 1 < candidates.length) return attempt(index + 1, repeats);
      if (current.reusedSocket && isRepeatable && repeats < candidates.length + 1) {
        return attempt(index, repeats + 1);
      }
      log.debug('ingress backend failed', { ingress: rule.owner, backend: backend.address, why: error.message });
      if (error.message === 'no answer in time') refuse(response, 504, `Ingress ${rule.owner}: no answer in time.`);
      else if (refused) refuse(response, 503, `No endpoints are reachable for ingress ${rule.owner}.`);
      else refuse(response, 502, `Ingress ${rule.owner}: the endpoint ended the connection.`);
    });
    current.on('response', (answer) => {
      isAnswered = true;
      sendAnswer(answer, request, response);
    });
    current.on('information', (information) => {
      if (information.statusCode === 100 && 'writeContinue' in response) response.writeContinue();
    });
    if (!hasBody) {
      current.end();
      return;
    }
    // The body waits for the connection: until then nothing of it is spent, and another backend can have it.
    current.on('socket', (socket) => {
      const begin = (): void => {
        pipeline(request, current, () => {});
      };
      if (socket.connecting) socket.once('connect', begin);
      else begin();
    });
  };
  attempt(0, 0);
}

/** Leads an upgraded connection (WebSocket and the like) to a backend; bytes both ways from there on. */
export function forwardUpgrade(
  rule: IngressRule,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  backends: IngressBackends,
): void {
  const candidates = backends.inTurn(rule);
  const attempt = (index: number): void => {
    const backend = candidates[index];
    if (!backend) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const { headers, ...rest } = destination(backend, request);
    const upgrade = request.headers.upgrade ?? 'websocket';
    const outgoing = httpRequest({
      ...rest,
      headers: { ...headers, connection: 'Upgrade', upgrade },
      agent: false,
      setHost: false,
      timeout: BACKEND_IDLE_MS,
    });
    const giveUp = (): void => {
      outgoing.destroy();
    };
    socket.once('close', giveUp);
    outgoing.on('error', (error) => {
      socket.off('close', giveUp);
      if (socket.destroyed) return;
      if (CONNECT_FAULTS.has(codeOf(error) ?? '')) attempt(index + 1);
      else socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    outgoing.on('response', (answer) => {
      socket.write(head11(answer));
      pipeline(answer, socket, () => {});
    });
    outgoing.on('upgrade', (answer, backendSocket, backendHead) => {
      backendSocket.setTimeout(0);
      socket.write(head11(answer));
      if (backendHead.length > 0) socket.write(backendHead);
      if (head.length > 0) backendSocket.write(head);
      pipeline(socket, backendSocket, socket, () => {});
    });
    outgoing.end();
  };
  attempt(0);
}

/** A plain page of one line. */
export function refuse(response: Outgoing, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = `${text}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  });
  response.end(body);
}

function mayHaveBody(request: Incoming): boolean {
  if (request instanceof Http2ServerRequest) return !request.stream.endAfterHeaders;
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function destination(backend: Backend, request: Incoming) {
  const headers: Record<string, string | string[]> = {};
  const named = new Set(headerList(request.headers.connection).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(':') || CONNECTION_HEADERS.has(name) || named.has(name)) continue;
    headers[name] = value;
  }
  const host = hostOf(request);
  const isTls = 'encrypted' in request.socket && (request.socket as TLSSocket).encrypted === true;
  const client = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  headers.host = host;
  headers['x-forwarded-for'] = [...headerList(request.headers['x-forwarded-for']), client].join(', ');
  headers['x-forwarded-host'] = host;
  headers['x-forwarded-proto'] = isTls ? 'https' : 'http';
  headers['x-forwarded-port'] = /:(\d+)$/.exec(host)?.[1] ?? (isTls ? '443' : '80');
  headers['x-real-ip'] = client;
  return {
    host: backend.address,
    port: backend.port,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers,
  };
}

/** The host that was asked for: `:authority` in HTTP/2, the Host header before. */
export function hostOf(request: Incoming): string {
  const authority = request.headers[':authority'];
  return typeof authority === 'string' ? authority : (request.headers.host ?? '');
}

function headerList(value: string | string[] | undefined): string[] {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function sendAnswer(answer: IncomingMessage, request: Incoming, response: Outgoing): void {
  const isHttp2 = request instanceof Http2ServerRequest;
  const named = new Set(headerList(answer.headers.connection).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || CONNECTION_HEADERS.has(name) || named.has(name)) continue;
    if (isHttp2 && name === 'transfer-encoding') continue;
    response.setHeader(name, value);
  }
  response.statusCode = answer.statusCode ?? 502;
  if (!isHttp2 && answer.statusMessage) response.statusMessage = answer.statusMessage;
  // Headers go out at once: an event stream may stay silent for long.
  if ('flushHeaders' in response) response.flushHeaders();
  pipeline(answer, response as ServerResponse, (error) => {
    // Cut short by the backend: the client must see that it is not the whole answer.
    if (error) response.destroy();
  });
}

/** The head of an answer as it came, for a connection that is no longer HTTP's. */
function head11(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
