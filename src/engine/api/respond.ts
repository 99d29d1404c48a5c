import { gzip } from 'node:zlib';
import {
  encodeProtobuf,
  hasProtobuf,
  internalError,
  notAcceptable,
  type ResourceInfo,
  StatusError,
} from '../kinds/index.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './http.ts';
import { CONTENT_TYPES, type Encoding, negotiate, type Wanted } from './negotiation.ts';

/** Answers larger than this are compressed when the client accepts it (upstream's APIResponseCompression). */
const GZIP_BYTES_MIN = 128 * 1024;
/** The fastest level, as upstream: on a local line the time to compress costs more than the bytes. */
const GZIP_LEVEL = 1;

/** What the client wants. @throws StatusError 406 */
export function wantedOf(exchange: Exchange, protobuf: boolean): Wanted {
  const wanted = negotiate(headerOf(exchange.request.headers, 'accept'), protobuf);
  if (wanted) return wanted;
  const { json, yaml } = CONTENT_TYPES;
  throw notAcceptable(protobuf ? [json, yaml, CONTENT_TYPES.protobuf] : [json, yaml]);
}

const JSON_END = Buffer.from('\n');

/** Writes a whole answer. `bytes` may be one buffer or the pieces of one. */
export function sendBytes(
  exchange: Exchange,
  status: number,
  contentType: string,
  bytes: Buffer | readonly Buffer[],
  headers: Record<string, string> = {},
): void {
  const { response, request, method } = exchange;
  if (response.destroyed || response.headersSent) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-type', contentType);
  if (!('cache-control' in headers)) response.setHeader('cache-control', 'no-cache, private');
  writeWarnings(exchange);
  const body = Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes);
  const accepts = headerOf(request.headers, 'accept-encoding');
  if (body.length >= GZIP_BYTES_MIN && accepts?.includes('gzip') && method !== 'HEAD') {
    gzip(body, { level: GZIP_LEVEL }, (error, small) => {
      if (response.destroyed) return;
      if (!error) {
        response.setHeader('content-encoding', 'gzip');
        response.setHeader('vary', 'Accept-Encoding');
      }
      const chosen = error ? body : small;
      response.setHeader('content-length', String(chosen.length));
      response.writeHead(status);
      response.end(chosen);
    });
    return;
  }
  // Of an unchanged document (304) the length would be taken for the document's own.
  if (status !== 304) response.setHeader('content-length', String(body.length));
  response.writeHead(status);
  response.end(method === 'HEAD' ? undefined : body);
}

/** RFC 7234, section 5.5, in upstream's form: code 299, agent `-`. */
export function writeWarnings({ response, warnings }: Exchange): void {
  if (warnings.length === 0) return;
  const texts = [...new Set(warnings)].map((text) => {
    const safe = text.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, (sign) => `\\${sign}`);
    return `299 - "${safe}"`;
  });
  response.setHeader('warning', texts);
}

/** An object as bytes of the encoding. */
export async function encode(object: object, encoding: Encoding, pretty: boolean): Promise<Buffer> {
  switch (encoding) {
    case 'json':
      return Buffer.from(pretty ? `${JSON.stringify(object, null, 2)}\n` : `${JSON.stringify(object)}\n`);
    case 'yaml': {
      const { stringify } = await import('yaml');
      return Buffer.from(stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }));
    }
    case 'protobuf':
      return encodeProtobuf(object);
  }
}

/** Asked for with `pretty`, and given to the programs that people read with. */
export function isPretty({ query, request }: Exchange): boolean {
  const pretty = query.get('pretty');
  if (pretty !== null) return pretty !== 'false' && pretty !== '0';
  const agent = headerOf(request.headers, 'user-agent');
  return agent !== undefined && /^(?:curl|Wget|Mozilla\/5\.0)/.test(agent);
}

function hasForm(object: { apiVersion?: unknown; kind?: unknown }): boolean {
  return hasProtobuf(String(object.apiVersion ?? ''), String(object.kind ?? ''));
}

const JSON_ANSWER: Wanted = { encoding: 'json' };

/** Answers one object as it is, in the encoding the client wants. `bytes`: its JSON, if somebody has it already. */
export async function sendObject(
  exchange: Exchange,
  status: number,
  object: object,
  options: { info?: ResourceInfo; bytes?: Buffer; headers?: Record<string, string> } = {},
): Promise<void> {
  const { encoding } = wantedOf(exchange, !options.info?.custom && hasForm(object));
  const pretty = isPretty(exchange);
  if (encoding === 'json' && options.bytes && !pretty) {
    sendBytes(exchange, status, CONTENT_TYPES.json, [options.bytes, JSON_END], options.headers);
    return;
  }
  sendBytes(exchange, status, CONTENT_TYPES[encoding], await encode(object, encoding, pretty), options.headers);
}

/** Answers an object in an encoding that has been settled already. */
export async function sendAs(exchange: Exchange, status: number, object: object, encoding: Encoding): Promise<void> {
  sendBytes(exchange, status, CONTENT_TYPES[encoding], await encode(object, encoding, isPretty(exchange)));
}

/** Answers what went wrong as a Status, in an encoding the client accepts or else JSON. */
export async function sendError(exchange: Exchange, thrown: unknown): Promise<void> {
  const error =
    thrown instanceof StatusError ? thrown : internalError(thrown instanceof Error ? thrown.message : String(thrown));
  const { encoding } = negotiate(headerOf(exchange.request.headers, 'accept'), true) ?? JSON_ANSWER;
  const headers: Record<string, string> = {};
  const retry = error.status.details?.retryAfterSeconds;
  if (retry) headers['retry-after'] = String(retry);
  const bytes = await encode(error.status, encoding, isPretty(exchange));
  sendBytes(exchange, error.code, CONTENT_TYPES[encoding], bytes, headers);
}

export function sendText(exchange: Exchange, status: number, text: string, headers: Record<string, string> = {}): void {
  sendBytes(exchange, status, 'text/plain; charset=utf-8', Buffer.from(text), {
    'x-content-type-options': 'nosniff',
    ...headers,
  });
}
