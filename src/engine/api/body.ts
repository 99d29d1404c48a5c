import type { Timer } from '../../base/index.ts';
import {
  badRequest,
  decodeProtobuf,
  parseJson,
  parseYaml,
  requestEntityTooLarge,
  timeout,
  unsupportedMediaType,
} from '../kinds/index.ts';
import type { Exchange } from './exchange.ts';
import { type HttpRequest, headerOf } from './http.ts';
import { CONTENT_TYPES } from './negotiation.ts';

/** Upstream's limit of a request's body. */
const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** Upstream's limit of the time a request may take that is not a watch or a stream. */
const REQUEST_MS = 60_000;

/** @throws StatusError 413 past 3 MiB, 504 when it does not come in time; rejects when the client goes away. */
export async function readBody({ request, clock }: Exchange): Promise<Buffer> {
  let late: Timer | undefined;
  try {
    return await new Promise((resolve, reject) => {
      late = clock.after(REQUEST_MS, () => {
        reject(timeout('request did not complete within the allotted timeout'));
      });
      collect(request, resolve, reject);
    });
  } finally {
    late?.cancel();
  }
}

function collect(request: HttpRequest, resolve: (bytes: Buffer) => void, reject: (error: unknown) => void): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > BODY_BYTES_MAX) {
    request.resume();
    reject(requestEntityTooLarge(`limit is ${BODY_BYTES_MAX}`));
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
    else {
      chunks.length = 0;
      reject(requestEntityTooLarge(`limit is ${BODY_BYTES_MAX}`));
    }
  });
  request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  request.on('error', reject);
  request.on('aborted', () => reject(badRequest('the request was cut off before its end')));
}

/** The media type of the body without its parameters; JSON when the client does not say. */
export function mediaType(request: HttpRequest): string {
  const header = headerOf(request.headers, 'content-type');
  if (!header) return CONTENT_TYPES.json;
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

export interface DecodedBody {
  readonly body: unknown;
  /** Duplicate keys, as `fieldValidation` has them refused or warned of. */
  readonly faults: readonly string[];
}

/** @throws StatusError 400 for what cannot be read, 415 for another media type. */
export async function decodeBody(exchange: Exchange, protobuf: boolean): Promise<DecodedBody> {
  return decodeBytes(await readBody(exchange), mediaType(exchange.request), protobuf);
}

/** @throws StatusError as decodeBody */
export async function decodeBytes(bytes: Buffer, type: string, protobuf: boolean): Promise<DecodedBody> {
  switch (type) {
    case 'application/json':
      return decodeJson(bytes);
    case 'application/yaml':
      return decodeYaml(bytes);
    case 'application/vnd.kubernetes.protobuf':
      if (protobuf) return { body: decodeProtobuf(bytes), faults: [] };
  }
  const { json, yaml } = CONTENT_TYPES;
  throw unsupportedMediaType(protobuf ? [json, yaml, CONTENT_TYPES.protobuf] : [json, yaml]);
}

export function decodeJson(bytes: Buffer): DecodedBody {
  const { value, duplicates } = parseJson(bytes);
  return { body: value, faults: duplicates };
}

export async function decodeYaml(bytes: Buffer): Promise<DecodedBody> {
  const { value, duplicates } = await parseYaml(bytes);
  return { body: value, faults: duplicates };
}
