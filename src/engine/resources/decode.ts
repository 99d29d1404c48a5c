import { badRequest, conform, convert, copy, fillDefaults, type ResourceInfo } from '../kinds/index.ts';
import type { Context } from './context.ts';
import { apiVersionOf, storedInfo } from './context.ts';
import type { RequestOptions } from './contract.ts';
import { pruneCustom } from './custom-resources/prune.ts';
import { isPlain, type Mutable, type Plain } from './object.ts';

/** Where strict faults go: the text of the refusal they make. */
export type RefuseStrict = (faults: string) => never;

/**
 * A request's body as an object of its own in the storage version, with all defaults: unknown fields gone (or refused, as
 * fieldValidation says), types checked.
 * @throws StatusError 400 with upstream's texts.
 */
export function decodeBody(context: Context, info: ResourceInfo, body: unknown, options: RequestOptions): Mutable {
  if (!isPlain(body)) throw badRequest(`the object provided is unrecognized (must be of type ${info.kind})`);
  checkKind(info, body);
  return toStored(context, info, prune(context, info, body, options));
}

/** As decodeBody, without defaults and in the version of the request: what a server-side apply sends. */
export function prune(
  context: Context,
  info: ResourceInfo,
  body: Plain,
  options: RequestOptions,
  refuse: RefuseStrict = (faults) => cannotBeHandled(info, info.kind, faults),
): Mutable {
  const { object, unknownFields, typeFaults } = info.custom ? pruneCustom(body, info) : conform(body, info.schema);
  const fault = typeFaults[0];
  if (fault !== undefined) cannotBeHandled(info, info.kind, fault);
  const strict = [...(options.decodingFaults ?? []), ...unknownFields];
  if (strict.length > 0) {
    const validation = options.fieldValidation ?? context.settings.defaultFieldValidation ?? 'Strict';
    if (validation === 'Warn') options.warnings.push(...strict);
    else if (validation === 'Strict') refuse(`strict decoding error: ${strict.join(', ')}`);
  }
  const made = copy(object) as Plain;
  made.apiVersion = apiVersionOf(info);
  made.kind = info.kind;
  made.metadata ??= {};
  return made as Mutable;
}

/** Fills in defaults and converts to the storage version. Takes the object over. */
export function toStored(context: Context, info: ResourceInfo, object: Mutable): Mutable {
  fillDefaults(object, info.schema);
  const stored = storedInfo(context, info);
  let made = object;
  if (stored !== info) {
    made = convert(object, info, stored.version, stored.group) as Mutable;
    fillDefaults(made, stored.schema);
  }
  stored.behaviour.setDefaults?.(made);
  return made;
}

function checkKind(info: ResourceInfo, body: Plain): void {
  const { apiVersion, kind } = body;
  const expected = apiVersionOf(info);
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (typeof kind !== 'string' || kind === '' || kind === info.kind) return;
  cannotBeHandled(
    info,
    kind,
    `converting (${info.version}.${kind}) to (${info.version}.${info.kind}): unknown conversion`,
  );
}

function cannotBeHandled(info: ResourceInfo, kind: string, why: string): never {
  throw badRequest(`${kind} in version "${info.version}" cannot be handled as a ${info.kind}: ${why}`);
}
