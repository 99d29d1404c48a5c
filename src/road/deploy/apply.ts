import { createHash } from 'node:crypto';
import { type KubeObject, StatusError } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { DeployStep, RoadClient } from './contract.ts';
import { kindOf } from './kinds-of.ts';

const MANAGER = 'wherry';
/** Hash of the object as it was last applied: tells that nothing was taken out of it since. */
export const APPLIED_ANNOTATION = 'wherry/applied-hash';

export type Change = Extract<DeployStep, { type: 'applied' }>['change'];

/**
 * Brings an object to its wanted state by server-side apply. Nothing is sent when the object is as wanted already.
 * Conflicts with other managers are settled for us: these objects are wherry's own.
 */
export async function applyObject(client: RoadClient, object: Manifest): Promise<Change> {
  const kind = kindOf(object);
  const { namespace, name } = object.metadata;
  const live = await liveObject(client, object);
  const wanted = marked(object);
  if (live && covers(live, wanted)) return 'unchanged';
  await client.patch(
    kind,
    namespace,
    name,
    { type: 'apply', body: wanted, force: true },
    { fieldManager: MANAGER, fieldValidation: 'Strict' },
  );
  return live ? 'changed' : 'created';
}

/** Whether applying the object would change nothing. */
export function isAsWanted(live: KubeObject | undefined, object: Manifest): boolean {
  return live !== undefined && covers(live, marked(object));
}

export function appliedHash(object: Manifest): string {
  return createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16);
}

/** The object as it is applied. */
export function marked(object: Manifest): Manifest {
  const annotations = { ...object.metadata.annotations, [APPLIED_ANNOTATION]: appliedHash(object) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The object as it is in the cluster; undefined when there is none. */
export async function liveObject(client: RoadClient, object: Manifest): Promise<KubeObject | undefined> {
  try {
    return await client.get(kindOf(object), object.metadata.namespace, object.metadata.name);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** Whether everything wanted is there as wanted; what the server added besides does not matter. */
export function covers(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) && live.length === wanted.length && wanted.every((item, index) => covers(live[index], item))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) return false;
    const fields = live as Record<string, unknown>;
    return Object.entries(wanted).every(([key, value]) => value === undefined || covers(fields[key], value));
  }
  return live === wanted;
}
