import {
  alreadyExists,
  conflict,
  copy,
  type FieldFault,
  formatTime,
  generateName,
  generateNameConflict,
  internalError,
  invalid,
  type KubeObject,
  type ResourceInfo,
  StatusError,
  serverTimeout,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../kinds/index.ts';
import { ConflictError, type Entry, StoreWriteError } from '../store/index.ts';
import { admissionRequest } from './admission-request.ts';
import {
  apiVersionOf,
  type Context,
  inVersion,
  keyOf,
  mutateAdmission,
  storedInfo,
  validateAdmission,
} from './context.ts';
import type { RequestOptions, Target } from './contract.ts';
import { ownedOn, trackUpdate, type Writer } from './managed-fields/managers.ts';
import { equal, type Mutable, mutable, type Plain } from './object.ts';
import { updateRules } from './update-rules.ts';

const GENERATE_ATTEMPTS = 8;
const WRITE_ATTEMPTS = 200;

export interface Written {
  readonly object: KubeObject;
  readonly created: boolean;
  /** Whether the write removed the object (its last finalizer went). */
  readonly deleted?: boolean;
}

export function writerOf(context: Context, target: Target, options: RequestOptions): Writer {
  const { info } = target;
  return {
    manager: options.fieldManager || 'unknown',
    apiVersion: apiVersionOf(info),
    subresource: target.subresource ?? '',
    now: formatTime(context.clock.now()),
  };
}

export interface InsertOptions {
  /** Managed fields are settled already (server-side apply). */
  readonly tracked?: boolean;
}

/** Creates the object (in the storage version, with defaults; taken over): admission, preparation, validation, write. */
export async function insert(
  context: Context,
  target: Target,
  object: Mutable,
  options: RequestOptions,
  how: InsertOptions = {},
): Promise<KubeObject> {
  const info = storedInfo(context, target.info);
  const { metadata } = object;
  if (metadata.resourceVersion) throw plainError('resourceVersion should not be set on objects to be created');
  metadata.uid = crypto.randomUUID();
  metadata.creationTimestamp = formatTime(context.clock.now());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.generation;
  if (!how.tracked) {
    const scope = { schema: info.schema, owned: ownedOn('', info.subresources.has('status')) };
    trackUpdate(undefined, object, scope, writerOf(context, target, options));
  }
  const generated = !metadata.name && Boolean(metadata.generateName);
  for (let attempt = 1; ; attempt++) {
    if (generated) metadata.name = generateName(metadata.generateName ?? '');
    // Each try starts from the object as it was: admission and preparation write to it.
    const tried = generated ? copy(object) : object;
    try {
      return await insertOnce(context, target, info, tried, options);
    } catch (error) {
      if (!generated || !(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt >= GENERATE_ATTEMPTS) throw generateNameConflict(info, metadata.name, 0);
    }
  }
}

async function insertOnce(
  context: Context,
  target: Target,
  info: ResourceInfo,
  object: Mutable,
  options: RequestOptions,
): Promise<KubeObject> {
  const named = { ...target, name: object.metadata.name };
  const request = admissionRequest(context, 'CREATE', named, options, object, undefined);
  await mutateAdmission(context, request);
  const key = keyOf(info, object.metadata.namespace, object.metadata.name);
  const allocation = context.allocations.get(`${info.group}/${info.resource}`);
  const giveBack = allocation?.allocate(object, undefined, options.dryRun ?? false);
  try {
    info.behaviour.prepareForCreate?.(object);
    const faults = [...validateObjectMeta(object.metadata, info), ...(info.behaviour.validate?.(object) ?? [])];
    if (faults.length > 0) throw invalid(info, object.metadata.name ?? '', faults);
    options.warnings.push(...(info.behaviour.warnings?.(object) ?? []));
    await validateAdmission(context, request);
    if (context.store.head(key)) throw alreadyExists(info, object.metadata.name);
    if (options.dryRun) {
      giveBack?.();
      return object;
    }
    const entry = await context.store.write({ key, expect: 0, make: (revision) => stamp(object, revision) });
    return entry.value as KubeObject;
  } catch (error) {
    giveBack?.();
    if (error instanceof ConflictError) throw alreadyExists(info, object.metadata.name);
    throw asStatus(error);
  }
}

/** How an update of some path is done; see update-rules.ts for the subresources. */
export interface Replacement {
  /**
   * Makes the wanted object from the stored one; the result is taken over (it must be an object of its own). Called again
   * when another writer came first. May throw StatusError.
   */
  wanted(current: KubeObject): Mutable | Promise<Mutable>;
  /** Managed fields are settled already. */
  readonly tracked?: boolean;
  /** The uid that the object must have. */
  readonly uid?: string | undefined;
  /** Admission looked at it already (the verb behind it ran it). */
  readonly skipAdmission?: boolean;
}

/**
 * Brings the object at the target to what `wanted` makes of it: optimistic concurrency, managed fields, admission,
 * preparation, validation, write; nothing is written when nothing changes. Deletes when the last finalizer goes.
 * Answers undefined when there is no such object.
 */
export async function replace(
  context: Context,
  target: Target,
  options: RequestOptions,
  replacement: Replacement,
): Promise<Written | undefined> {
  const info = storedInfo(context, target.info);
  const key = keyOf(info, target.namespace, target.name ?? '');
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const entry = context.store.head(key);
    if (!entry) return undefined;
    try {
      return await replaceOnce(context, target, info, key, entry, options, replacement);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw asStatus(error);
      // Someone else wrote in between: look again, and let the checks of the request decide.
    }
  }
  throw serverTimeout(info, 'update', 1);
}

async function replaceOnce(
  context: Context,
  target: Target,
  info: ResourceInfo,
  key: string,
  entry: Entry,
  options: RequestOptions,
  replacement: Replacement,
): Promise<Written> {
  const stored = entry.value as KubeObject;
  const old = inVersion(context, stored, info);
  const name = target.name ?? '';
  const wanted = await replacement.wanted(old);
  const { metadata } = wanted;
  const uid = replacement.uid ?? (metadata.uid || undefined);
  if (uid && uid !== old.metadata.uid) throw conflict(info, name, wrongUid(key, uid, old.metadata.uid));
  checkVersion(info, name, metadata.resourceVersion, old.metadata.resourceVersion);
  restoreSystemFields(wanted, old);
  // A Scale stands for a part of the main resource.
  const path = target.subresource === 'scale' ? '' : (target.subresource ?? '');
  if (!replacement.tracked) {
    const scope = { schema: info.schema, owned: ownedOn(path, info.subresources.has('status')) };
    trackUpdate(mutable(old), wanted, scope, writerOf(context, target, options));
  }
  const request = admissionRequest(context, 'UPDATE', target, options, wanted, old);
  if (!replacement.skipAdmission) await mutateAdmission(context, request);
  const rules = updateRules(path, info);
  const main = path === '';
  const allocation = main ? context.allocations.get(`${info.group}/${info.resource}`) : undefined;
  rules.prepare(wanted, old);
  const giveBack = allocation?.allocate(wanted, old, options.dryRun ?? false);
  try {
    const faults: FieldFault[] = [
      ...validateObjectMetaUpdate(wanted.metadata, old.metadata),
      ...rules.validate(wanted, old),
    ];
    if (faults.length > 0) throw invalid(info, name, faults);
    if (main) options.warnings.push(...(info.behaviour.warnings?.(wanted) ?? []));
    if (!replacement.skipAdmission) await validateAdmission(context, request);
    const going = isGoing(wanted, info);
    if (options.dryRun) {
      giveBack?.();
      return { object: wanted, created: false };
    }
    if (going) return await remove(context, key, entry, wanted);
    if (unchanged(wanted, stored)) {
      giveBack?.();
      return { object: stored, created: false };
    }
    const made = await context.store.write({
      key,
      expect: entry.revision,
      make: (revision) => stamp(wanted, revision),
    });
    return { object: made.value as KubeObject, created: false };
  } catch (error) {
    giveBack?.();
    throw error;
  }
}

/** The last update (finalizers gone) and the delete, which carries what the update would have left. */
async function remove(context: Context, key: string, entry: Entry, wanted: Mutable): Promise<Written> {
  const gone = await deleteEntry(context, key, entry, wanted);
  return { object: gone, created: false, deleted: true };
}

/** Deletes; the event shows the object as `last` has it. Answers the object at the delete's revision. */
export async function deleteEntry(context: Context, key: string, entry: Entry, last?: Mutable): Promise<KubeObject> {
  let expect = entry.revision;
  const head = context.store.head(key);
  // Looked at here, since the delete below builds on whatever the update leaves.
  if (head?.revision !== expect) throw new ConflictError(key, head);
  if (last && !unchanged(last, entry.value as KubeObject)) {
    const update = context.store.write({ key, expect, make: (revision) => stamp(last, revision) });
    expect = context.store.head(key)?.revision ?? expect;
    const [, gone] = await Promise.all([update, context.store.write({ key, expect, make: () => undefined })]);
    return gone.value as KubeObject;
  }
  const gone = await context.store.write({ key, expect, make: () => undefined });
  return gone.value as KubeObject;
}

/** Whether the update leaves an object that only waited for its finalizers. */
function isGoing(object: Mutable, info: ResourceInfo): boolean {
  const { metadata } = object;
  if (!metadata.deletionTimestamp || (metadata.finalizers ?? []).length > 0) return false;
  if (metadata.deletionGracePeriodSeconds) return false;
  if (info.group !== '' || info.resource !== 'namespaces') return true;
  const spec = object.spec as { finalizers?: readonly string[] } | undefined;
  return (spec?.finalizers ?? []).length === 0;
}

function stamp(object: Mutable, revision: number): KubeObject {
  object.metadata.resourceVersion = String(revision);
  return object;
}

function checkVersion(info: ResourceInfo, name: string, asked: string | undefined, now: string): void {
  if (asked && asked !== '0') {
    if (!/^\d+$/.test(asked)) {
      throw invalid(info, name, [
        {
          path: 'metadata.resourceVersion',
          type: 'Invalid',
          value: asked,
          detail: `strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`,
        },
      ]);
    }
    if (asked !== now) throw conflict(info, name);
    return;
  }
  if (info.behaviour.unconditionalUpdate === false) {
    throw invalid({ group: info.group, kind: info.resource }, name, [
      { path: 'metadata.resourceVersion', type: 'Invalid', value: 0, detail: 'must be specified for an update' },
    ]);
  }
}

/** What a client cannot change by leaving it out or sending another value. */
function restoreSystemFields(wanted: Mutable, old: KubeObject): void {
  const { metadata } = wanted;
  const before = old.metadata;
  metadata.resourceVersion = before.resourceVersion;
  metadata.uid = before.uid;
  metadata.creationTimestamp ||= before.creationTimestamp;
  if (metadata.namespace === undefined && before.namespace !== undefined) metadata.namespace = before.namespace;
  delete metadata.selfLink;
  keep(metadata as unknown as Plain, before as unknown as Plain, 'generation');
  if (before.deletionTimestamp) {
    metadata.deletionTimestamp = before.deletionTimestamp;
    keep(metadata as unknown as Plain, before as unknown as Plain, 'deletionGracePeriodSeconds');
  } else {
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
  }
}

function keep(metadata: Plain, before: Plain, field: string): void {
  if (before[field] === undefined) delete metadata[field];
  else metadata[field] = before[field];
}

/** Equal but for the times of managed fields. */
function unchanged(wanted: Mutable, old: KubeObject): boolean {
  if (!equal({ ...wanted, metadata: undefined }, { ...old, metadata: undefined })) return false;
  const [now, before] = [wanted.metadata, old.metadata];
  if (!equal({ ...now, managedFields: undefined }, { ...before, managedFields: undefined })) return false;
  const timeless = (entries: typeof now.managedFields) => (entries ?? []).map((one) => ({ ...one, time: undefined }));
  return (
    now.managedFields === before.managedFields || equal(timeless(now.managedFields), timeless(before.managedFields))
  );
}

/** The words of upstream's storage when a precondition fails. */
function wrongUid(key: string, wanted: string, found: string): string {
  return `StorageError: invalid object, Code: 4, Key: /registry${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
}

/** 500 with a message and no reason, as upstream answers errors that are no API errors. */
export function plainError(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** Faults of the store become API errors; all others stay as they are. */
export function asStatus(error: unknown): unknown {
  if (error instanceof StoreWriteError) return internalError(error.message);
  return error;
}
