import { type FieldFault, type Kind, StatusError } from './contract.ts';
import type { Status, StatusCause } from './generated/types.ts';

/** What a message speaks of: a catalogue entry, or just group and resource. */
export type Named = Pick<Kind, 'group' | 'resource'>;

/** `deployments.apps`, `pods`. */
export function qualified(about: Named): string {
  return about.group ? `${about.resource}.${about.group}` : about.resource;
}

/** Go's %q, close enough for names and values. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

type Details = NonNullable<Status['details']>;

function failure(code: number, reason: string, message: string, details?: Partial<Details>): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details: details as Details }),
    code,
  });
}

function detailsOf(about: Named, name: string): Partial<Details> {
  return {
    ...(name && { name }),
    ...(about.group && { group: about.group }),
    ...(about.resource && { kind: about.resource }),
  };
}

/** 404: no such object. */
export function notFound(about: Named, name: string): StatusError {
  return failure(404, 'NotFound', `${qualified(about)} ${quote(name)} not found`, detailsOf(about, name));
}

/** 404 of a path that leads nowhere, as the generic server words it. */
export function resourceNotFound(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: the name is taken. */
export function alreadyExists(about: Named, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${qualified(about)} ${quote(name)} already exists`, detailsOf(about, name));
}

/** 409: no free name was found for a generateName. */
export function generateNameConflict(about: Named, name: string, retryAfterSeconds: number): StatusError {
  return failure(
    409,
    'AlreadyExists',
    `${qualified(about)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`,
    { ...detailsOf(about, name), ...(retryAfterSeconds && { retryAfterSeconds }) },
  );
}

export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: someone else wrote in between. */
export function conflict(about: Named, name: string, why: string = OBJECT_MODIFIED): StatusError {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(about)} ${quote(name)}: ${why}`,
    detailsOf(about, name),
  );
}

/** 409 of server-side apply: fields that others own. */
export function applyConflict(message: string, causes: StatusCause[]): StatusError {
  return failure(409, 'Conflict', message, { causes });
}

/** 410 Gone. */
export function gone(message: string): StatusError {
  return failure(410, 'Gone', message);
}

/** 410 Expired: the resource version asked for is no longer kept. */
export function expired(message: string): StatusError {
  return failure(410, 'Expired', message);
}

/** 400. */
export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

/** 401. */
export function unauthorized(message = 'not authorized'): StatusError {
  return failure(401, 'Unauthorized', message || 'not authorized');
}

/** 403. Without a resource (both parts empty) the message begins `forbidden: `. */
export function forbidden(about: Named, name: string, why: string): StatusError {
  const subject =
    !about.group && !about.resource
      ? 'forbidden'
      : name
        ? `${qualified(about)} ${quote(name)} is forbidden`
        : `${qualified(about)} is forbidden`;
  return failure(403, 'Forbidden', `${subject}: ${why}`, detailsOf(about, name));
}

/** 405. `action` is the verb (`create`, `list`). */
export function methodNotSupported(about: Named, action: string): StatusError {
  return failure(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind ${quote(qualified(about))}`,
    detailsOf(about, ''),
  );
}

/** 406. `accepted`: the media types that are served. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

/** 415. `accepted`: the media types that are read. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** 413. */
export function requestEntityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

/** 429 with the seconds to wait; the message stands as it is (evictions that a budget forbids). */
export function tooManyRequests(message: string, retryAfterSeconds = 0, causes?: StatusCause[]): StatusError {
  return failure(429, 'TooManyRequests', message, {
    ...(causes && { causes }),
    ...(retryAfterSeconds && { retryAfterSeconds }),
  });
}

/** 500 of a fault of ours. */
export function internalError(why: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [{ message: why }] });
}

/** 500 ServerTimeout: try again. `operation` is the verb. */
export function serverTimeout(about: Named, operation: string, retryAfterSeconds = 0): StatusError {
  return failure(
    500,
    'ServerTimeout',
    `The ${operation} operation against ${qualified(about)} could not be completed at this time, please try again.`,
    { ...detailsOf(about, operation), ...(retryAfterSeconds && { retryAfterSeconds }) },
  );
}

/** 503. */
export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

/** 504. */
export function timeout(message: string, retryAfterSeconds = 0): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, { ...(retryAfterSeconds && { retryAfterSeconds }) });
}

/**
 * 422: the object breaks rules. `about` names group and kind; faults that say the same twice are told once in the
 * message, as upstream's aggregate does, and all stand in the causes.
 */
export function invalid(about: Pick<Kind, 'group' | 'kind'>, name: string, faults: readonly FieldFault[]): StatusError {
  const kind = about.group ? `${about.kind}.${about.group}` : about.kind;
  const subject = `${kind} ${quote(name)} is invalid`;
  const texts = [...new Set(faults.map(faultText))];
  const message =
    texts.length === 0 ? subject : `${subject}: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`;
  return failure(422, 'Invalid', message, {
    ...(name && { name }),
    ...(about.group && { group: about.group }),
    kind: about.kind,
    causes: faults.map((fault) => ({
      reason: `FieldValue${fault.type}`.replace('FieldValueInternal', 'InternalError'),
      message: faultBody(fault),
      field: fault.path,
    })),
  });
}

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function faultText(fault: FieldFault): string {
  return `${fault.path}: ${faultBody(fault)}`;
}

const WORDS: Readonly<Record<FieldFault['type'], string>> = {
  NotFound: 'Not found',
  Required: 'Required value',
  Duplicate: 'Duplicate value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Forbidden: 'Forbidden',
  TooLong: 'Too long',
  TooShort: 'Too short',
  TooMany: 'Too many',
  TooFew: 'Too few',
  TypeInvalid: 'Invalid value',
  Internal: 'Internal error',
};
const WITHOUT_VALUE: ReadonlySet<FieldFault['type']> = new Set([
  'Required',
  'Forbidden',
  'TooLong',
  'TooShort',
  'Internal',
]);

/** The fault without its field. A value of `OMIT_VALUE` is not told. */
export function faultBody(fault: FieldFault): string {
  const word = WORDS[fault.type];
  const head =
    WITHOUT_VALUE.has(fault.type) || fault.value === OMIT_VALUE ? word : `${word}: ${valueText(fault.value)}`;
  return fault.detail ? `${head}: ${fault.detail}` : head;
}

/** The value of a fault that tells none. */
export const OMIT_VALUE = Symbol('no value');

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  // Go's json.Marshal escapes these.
  return JSON.stringify(value).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
