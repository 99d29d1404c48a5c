import { badRequest, type FieldFault, invalid, type Kind, notAcceptable } from '../../kinds/index.ts';
import { decodeBody } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { headerOf } from '../http.ts';
import { CONTENT_TYPES, parseAccept } from '../negotiation.ts';

/** The object of a review, which no store will keep: its kind is checked, the rest is the review's affair. */
export async function reviewBody<T>(exchange: Exchange, kind: Pick<Kind, 'group' | 'version' | 'kind'>): Promise<T> {
  refuseTransformation(exchange);
  const { body } = await decodeBody(exchange, true);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`);
  }
  const object = body as { apiVersion?: unknown; kind?: unknown };
  const apiVersion = `${kind.group}/${kind.version}`;
  if ((object.kind ?? kind.kind) !== kind.kind || (object.apiVersion ?? apiVersion) !== apiVersion) {
    throw badRequest(
      `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${String(object.kind)} in version ${JSON.stringify(object.apiVersion)}`,
    );
  }
  return { ...body, apiVersion, kind: kind.kind, metadata: (body as { metadata?: object }).metadata ?? {} } as T;
}

/** @throws StatusError 422 when there is a fault. */
export function refuseFaults(kind: Pick<Kind, 'group' | 'kind'>, name: string, faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw invalid(kind, name, faults);
}

/** A review has no form as a table or as metadata alone. @throws StatusError 406 when the client takes nothing else */
function refuseTransformation(exchange: Exchange): void {
  const accept = headerOf(exchange.request.headers, 'accept');
  if (!accept || parseAccept(accept).some(({ parameters }) => parameters.as === undefined)) return;
  throw notAcceptable([CONTENT_TYPES.json, CONTENT_TYPES.yaml, CONTENT_TYPES.protobuf]);
}
