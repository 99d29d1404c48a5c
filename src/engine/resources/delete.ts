import {
  type CustomResourceDefinition,
  conflict,
  copy,
  formatTime,
  type KubeObject,
  notFound,
  type Pod,
  type ResourceInfo,
  serverTimeout,
} from '../kinds/index.ts';
import { ConflictError, type Entry } from '../store/index.ts';
import { admissionRequest } from './admission-request.ts';
import { type Context, inVersion, keyOf, mutateAdmission, storedInfo, validateAdmission } from './context.ts';
import type { DeleteAnswer, DeleteRequest, Target } from './contract.ts';
import { CLEANUP, setCondition } from './custom-resources/conditions.ts';
import { type Mutable, mutable } from './object.ts';
import { asStatus, deleteEntry } from './write.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const DELETE_ATTEMPTS = 200;

/**
 * Deletes at once, or marks the object as going when it has finalizers or a grace period. Follows the order of upstream's
 * registry store and rest.BeforeDelete.
 */
export async function deleteObject(context: Context, target: Target, request: DeleteRequest): Promise<DeleteAnswer> {
  const info = storedInfo(context, target.info);
  const name = target.name ?? '';
  const key = keyOf(info, target.namespace, name);
  for (let attempt = 0; attempt < DELETE_ATTEMPTS; attempt++) {
    const entry = context.store.head(key);
    if (!entry) throw notFound(target.info, name);
    const old = entry.value as KubeObject;
    checkPreconditions(info, old, request);
    const admission = admissionRequest(context, 'DELETE', target, request, undefined, old);
    await mutateAdmission(context, admission);
    await validateAdmission(context, admission);
    try {
      const answer = await deleteOnce(context, info, key, entry, request);
      return { object: inVersion(context, answer.object, target.info), gone: answer.gone };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw asStatus(error);
    }
  }
  throw serverTimeout(info, 'delete', 1);
}

function checkPreconditions(info: ResourceInfo, old: KubeObject, request: DeleteRequest): void {
  const about = { group: info.group, resource: info.kind };
  const { uid, resourceVersion } = old.metadata;
  if (request.uid !== undefined && request.uid !== uid) {
    throw conflict(
      about,
      old.metadata.name,
      `the UID in the precondition (${request.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    throw conflict(
      about,
      old.metadata.name,
      `the ResourceVersion in the precondition (${request.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

async function deleteOnce(
  context: Context,
  info: ResourceInfo,
  key: string,
  entry: Entry,
  request: DeleteRequest,
): Promise<DeleteAnswer> {
  const old = entry.value as KubeObject;
  if (isResource(info, '', 'namespaces')) {
    const answer = await deleteNamespace(context, key, entry, request);
    if (answer) return answer;
  }
  if (isResource(info, 'apiextensions.k8s.io', 'customresourcedefinitions') && !old.metadata.deletionTimestamp) {
    return deleteDefinition(context, key, entry, request);
  }
  const grace = gracePeriod(info, old, request);
  if (grace === 'pending') return { object: old, gone: false };
  const object = mutable(copy(old));
  const { metadata } = object;
  if (grace) markGoing(context, object, grace.seconds);
  const finalizers = finalizersOf(info, old, request);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  if (finalizers.length > 0 && !grace) markGoing(context, object, 0);
  const stays = finalizers.length > 0 || (grace !== undefined && grace.seconds > 0);
  if (request.dryRun) return { object: stays ? object : old, gone: !stays };
  if (!stays) return { object: await deleteEntry(context, key, entry, grace ? object : undefined), gone: true };
  return { object: await update(context, key, entry, object), gone: false };
}

async function update(context: Context, key: string, entry: Entry, object: Mutable): Promise<KubeObject> {
  const made = await context.store.write({
    key,
    expect: entry.revision,
    make: (revision) => {
      object.metadata.resourceVersion = String(revision);
      return object;
    },
  });
  return made.value as KubeObject;
}

const isResource = (info: ResourceInfo, group: string, resource: string) =>
  info.group === group && info.resource === resource;

/** What of grace there is: none for kinds without, `pending` when it runs already and is not shortened. */
function gracePeriod(
  info: ResourceInfo,
  old: KubeObject,
  request: DeleteRequest,
): { seconds: number } | 'pending' | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: running } = old.metadata;
  const asked =
    request.gracePeriodSeconds !== undefined && request.gracePeriodSeconds < 0 ? 1 : request.gracePeriodSeconds;
  if (deletionTimestamp) {
    if (running === undefined) return undefined;
    if (!isResource(info, '', 'pods')) {
      // Nothing but its finalizers holds it back.
      return asked === undefined || asked >= running ? 'pending' : { seconds: asked };
    }
    const period = asked ?? running;
    return period >= running ? 'pending' : { seconds: period };
  }
  if (!isResource(info, '', 'pods')) return undefined;
  const { spec, status } = old as unknown as Pod;
  if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return { seconds: 0 };
  const period = asked ?? spec.terminationGracePeriodSeconds ?? 0;
  return { seconds: period < 0 ? 1 : period };
}

/** Sets when the object is to be gone. The first time counts its generation up: what is wanted of it has changed. */
function markGoing(context: Context, object: Mutable, seconds: number): void {
  const { metadata } = object;
  if (metadata.deletionTimestamp) {
    const since = Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    metadata.deletionTimestamp = formatTime(since + seconds * 1000);
  } else {
    metadata.deletionTimestamp = formatTime(context.clock.now() + seconds * 1000);
    if (metadata.generation) metadata.generation++;
  }
  metadata.deletionGracePeriodSeconds = seconds;
}

/** What the garbage collector is told to do with dependents, as finalizers. */
function finalizersOf(info: ResourceInfo, old: KubeObject, request: DeleteRequest): string[] {
  const before = old.metadata.finalizers ?? [];
  const kept = before.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  if (orphans(info, before, request)) kept.push(ORPHAN);
  if (waitsForDependents(before, request)) kept.push(FOREGROUND);
  return kept;
}

function orphans(info: ResourceInfo, finalizers: readonly string[], request: DeleteRequest): boolean {
  if (isResource(info, '', 'events')) return false;
  if (request.orphanDependents !== undefined) return request.orphanDependents;
  if (request.propagationPolicy !== undefined) return request.propagationPolicy === 'Orphan';
  if (finalizers.includes(ORPHAN)) return true;
  if (finalizers.includes(FOREGROUND)) return false;
  // Clients of old relied on these two leaving their pods.
  return isResource(info, 'batch', 'jobs') || isResource(info, '', 'replicationcontrollers');
}

function waitsForDependents(finalizers: readonly string[], request: DeleteRequest): boolean {
  if (request.orphanDependents !== undefined) return false;
  if (request.propagationPolicy !== undefined) return request.propagationPolicy === 'Foreground';
  return finalizers.includes(FOREGROUND) && !finalizers.includes(ORPHAN);
}

/** The first delete begins termination; the last one comes when spec.finalizers are gone. Undefined: delete as any object. */
async function deleteNamespace(
  context: Context,
  key: string,
  entry: Entry,
  request: DeleteRequest,
): Promise<DeleteAnswer | undefined> {
  const old = entry.value as KubeObject;
  const spec = (old as unknown as { spec?: { finalizers?: readonly string[] } }).spec;
  if (old.metadata.deletionTimestamp) {
    return (spec?.finalizers ?? []).length > 0 ? { object: old, gone: false } : undefined;
  }
  if ((spec?.finalizers ?? []).length === 0 && (old.metadata.finalizers ?? []).length === 0) return undefined;
  const object = mutable(copy(old));
  object.metadata.deletionTimestamp = formatTime(context.clock.now());
  object.status = { ...(object.status as object | undefined), phase: 'Terminating' };
  const kept = (old.metadata.finalizers ?? []).filter((one) => one !== ORPHAN && one !== FOREGROUND);
  if (request.orphanDependents ?? request.propagationPolicy === 'Orphan') kept.push(ORPHAN);
  else if (request.propagationPolicy === 'Foreground') kept.push(FOREGROUND);
  if (kept.length > 0) object.metadata.finalizers = kept;
  else delete object.metadata.finalizers;
  if (request.dryRun) return { object, gone: false };
  return { object: await update(context, key, entry, object), gone: false };
}

/** A definition waits for its objects to go; its next delete is that of any object. */
async function deleteDefinition(
  context: Context,
  key: string,
  entry: Entry,
  request: DeleteRequest,
): Promise<DeleteAnswer> {
  const object = mutable(copy(entry.value as KubeObject));
  const now = formatTime(context.clock.now());
  object.metadata.deletionTimestamp = now;
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(CLEANUP)) object.metadata.finalizers = [...finalizers, CLEANUP];
  const definition = object as unknown as CustomResourceDefinition;
  definition.status ??= {};
  setCondition(
    definition,
    {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    },
    now,
  );
  if (request.dryRun) return { object, gone: false };
  return { object: await update(context, key, entry, object), gone: false };
}
