import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../../base/index.ts';
import {
  badRequest,
  type EndpointSlice,
  kinds,
  type Node,
  type Pod,
  type Service,
  serviceUnavailable,
} from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendBytes } from '../respond.ts';
import { releaseResponse } from './websocket.ts';

/** Where a proxied request goes. */
export interface Destination {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Of https: whom to trust and who we are; nobody is checked when not given, as upstream does with pods. */
  readonly tls?: {
    readonly servername: string;
    readonly ca?: string;
    readonly rejectUnauthorized: boolean;
    readonly cert?: string;
    readonly key?: string;
  };
  /** Instead of what follows `proxy` in the path. */
  readonly path?: string;
  /** Added to those of the client. */
  readonly headers?: OutgoingHttpHeaders;
}

/** Headers that are about one hop (RFC 9110, section 7.6.1), or about this server. */
const HOP_HEADERS = new Set([
  'authorization',
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const POD_PORT = 80;
const KUBELET_PORT = 10250;

/** `[scheme:]name[:port]`, as upstream's SplitSchemeNamePort. @throws StatusError 400 */
export function splitName(id: string, what: string): { scheme: string; name: string; port: string } {
  const parts = id.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return { scheme: '', name: first, port: '' };
  if (parts.length === 2) return { scheme: '', name: first, port: second };
  if (parts.length === 3 && (first === 'http' || first === 'https' || first === '')) {
    return { scheme: first, name: second, port: third };
  }
  throw badRequest(`invalid ${what} request ${JSON.stringify(id)}`);
}

/** pods/proxy: HTTP to a port of the pod. */
export async function proxyPod(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { scheme, name, port } = splitName(target.name ?? '', 'pod');
  const pod = context.resources.get({
    info: target.info,
    name,
    ...(target.namespace !== undefined && { namespace: target.namespace }),
  }) as Pod;
  const host = pod.status?.podIP;
  if (!host) throw badRequest('address not allowed');
  const first = pod.spec.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  await proxy(context, exchange, {
    scheme: scheme === 'https' ? 'https' : 'http',
    host,
    port: port ? portNumber(port) : (first ?? POD_PORT),
  });
}

/** services/proxy: HTTP to a ready endpoint of the service. */
export async function proxyService(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { scheme, name, port } = splitName(target.name ?? '', 'service');
  const service = context.resources.get({
    info: target.info,
    name,
    ...(target.namespace !== undefined && { namespace: target.namespace }),
  }) as Service;
  const ports = service.spec.ports ?? [];
  const chosen = port
    ? ports.find((one) => one.name === port || String(one.port) === port)
    : ports.length === 1
      ? ports[0]
      : ports.find((one) => !one.name);
  if (!chosen)
    throw serviceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const destinations = endpointsOf(context, target.namespace ?? '', name, chosen.name ?? '');
  const destination = destinations[Math.floor(Math.random() * destinations.length)];
  if (!destination) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  await proxy(context, exchange, { scheme: scheme === 'https' ? 'https' : 'http', ...destination });
}

/** The ready endpoints of a service's port. */
export function endpointsOf(
  context: Pick<ApiContext, 'catalogue' | 'resources'>,
  namespace: string,
  service: string,
  portName: string,
): { host: string; port: number }[] {
  const { group, version, resource } = kinds.endpointslices;
  const info = context.catalogue.find(group, version, resource);
  if (!info) return [];
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const { items } = context.resources.list({ info, namespace }, { labelSelector });
  return items.flatMap(({ object }) => {
    const slice = object as EndpointSlice;
    const port = slice.ports?.find((one) => (one.name ?? '') === portName)?.port;
    if (port === undefined) return [];
    return (slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready !== false)
      .flatMap((endpoint) => endpoint.addresses.slice(0, 1).map((host) => ({ host, port })));
  });
}

/** nodes/proxy: the kubelet's own endpoints. */
export async function proxyNode(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { name, port } = splitName(target.name ?? '', 'node');
  const node = context.resources.get({ info: target.info, name }) as Node;
  if (port && portNumber(port) !== (node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? KUBELET_PORT)) {
    throw badRequest('address not allowed');
  }
  if (redirectToSlash(exchange)) return;
  const { status, contentType, body } = await context.nodeLink.nodeEndpoint(name, exchange.info.rest);
  sendBytes(exchange, status, contentType, Buffer.from(body));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw badRequest(`invalid port ${JSON.stringify(text)}`);
}

/** A path without anything behind `proxy` is sent to the one with a slash, so that relative links hold. */
function redirectToSlash(exchange: Exchange): boolean {
  const { info, method, query } = exchange;
  if (info.rest !== '' || (method !== 'GET' && method !== 'HEAD') || exchange.upgrade) return false;
  const rest = query.size > 0 ? `?${query}` : '';
  sendBytes(exchange, 301, 'text/plain', Buffer.alloc(0), { location: `${info.path}/${rest}` });
  return true;
}

async function proxy(context: ApiContext, exchange: Exchange, destination: Destination): Promise<void> {
  if (!redirectToSlash(exchange)) await passOn(context, exchange, destination);
}

/** Sends the request on and the answer back, upgrades included. @throws StatusError 503 */
export async function passOn(context: ApiContext, exchange: Exchange, destination: Destination): Promise<void> {
  let connection: Duplex;
  try {
    connection = await context.nodeLink.connect(destination.host, destination.port);
  } catch (error) {
    const address = `${destination.host}:${destination.port}`;
    throw serviceUnavailable(`error trying to reach service: dial tcp ${address}: ${messageOf(error)}`);
  }
  const { request, response, info, upgrade } = exchange;
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (
      !name.startsWith(':') &&
      !name.startsWith('impersonate-') &&
      !name.startsWith('x-remote-') &&
      !HOP_HEADERS.has(name)
    )
      headers[name] = value;
  }
  const mark = request.url?.indexOf('?') ?? -1;
  const search = mark >= 0 ? (request.url?.slice(mark) ?? '') : '';
  const from = request.socket.remoteAddress;
  headers.host ??= `${destination.host}:${destination.port}`;
  if (from) headers['x-forwarded-for'] = headers['x-forwarded-for'] ? `${headers['x-forwarded-for']}, ${from}` : from;
  headers['x-forwarded-uri'] = `${info.path}${search}`;
  headers['x-forwarded-host'] = request.headers.host ?? request.headers[':authority']?.toString() ?? '';
  headers['x-forwarded-proto'] = 'https';
  if (upgrade) {
    headers.connection = 'Upgrade';
    headers.upgrade = request.headers.upgrade;
  } else headers.connection = 'close';
  Object.assign(headers, destination.headers);
  const options = {
    method: exchange.method,
    path: `${destination.path ?? (info.rest || '/')}${search}`,
    headers,
    setHost: false,
    ...(destination.tls ?? { rejectUnauthorized: false }),
    host: destination.host,
    port: destination.port,
  };
  await new Promise<void>((resolve, reject) => {
    const outgoing =
      destination.scheme === 'https'
        ? httpsRequest({ ...options, agent: false, socket: connection } as object)
        : httpRequest({ ...options, createConnection: () => connection });
    outgoing.on('error', (error) => {
      if (response.headersSent) {
        response.destroy();
        resolve();
      } else reject(serviceUnavailable(`error trying to reach service: ${error.message}`));
    });
    outgoing.on('response', (answer: IncomingMessage) => {
      response.writeHead(answer.statusCode ?? 502, answerHeaders(answer, exchange, destination));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
      response.on('close', () => {
        outgoing.destroy();
        resolve();
      });
    });
    outgoing.on('upgrade', (answer: IncomingMessage, far: Duplex, head: Buffer) => {
      if (!upgrade) {
        far.destroy();
        reject(badRequest('Upgrade request required'));
        return;
      }
      releaseResponse(exchange);
      const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}`];
      for (let at = 0; at < answer.rawHeaders.length; at += 2) {
        lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
      }
      upgrade.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      upgrade.socket.write(head);
      far.write(upgrade.head);
      far.pipe(upgrade.socket);
      upgrade.socket.pipe(far);
      far.on('error', () => upgrade.socket.destroy());
      upgrade.socket.on('close', () => {
        far.destroy();
        resolve();
      });
    });
    if (upgrade) outgoing.end();
    else request.pipe(outgoing);
  });
}

/** A redirect within the destination leads back through the proxy. */
function answerHeaders(answer: IncomingMessage, exchange: Exchange, destination: Destination): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(answer.headers)) if (!HOP_HEADERS.has(name)) headers[name] = value;
  const { location } = answer.headers;
  if (location) {
    const { path, rest } = exchange.info;
    const base = rest ? path.slice(0, path.length - rest.length) : path;
    const origin = `${destination.scheme}://${destination.host}:${destination.port}`;
    if (location.startsWith('/') && !location.startsWith('//')) headers.location = `${base}${location}`;
    else if (location.startsWith(origin)) headers.location = `${base}${location.slice(origin.length)}`;
  }
  return headers;
}
