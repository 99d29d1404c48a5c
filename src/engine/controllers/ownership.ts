import type { Client } from '../client/index.ts';
import {
  type Kind,
  type KubeObject,
  type LabelSelector,
  matchesSelector,
  type OwnerReference,
  StatusError,
} from '../kinds/index.ts';

/** The reference that makes `owner` the controller of an object. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

/** Index name and function: objects without a controller, by namespace, where owners look for those to adopt. */
export const ORPHANS = 'orphans';
export const orphanNamespace = (object: KubeObject): readonly string[] =>
  controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [];

interface Claim<T> {
  client: Client;
  /** The kind of what is claimed. */
  kind: Kind<T>;
  owner: KubeObject;
  ownerKind: Kind<KubeObject>;
  selector: LabelSelector | undefined;
  /** Objects the owner controls now, and those without a controller in its namespace. */
  owned: readonly T[];
  orphans: readonly T[];
  /** Further condition for adopting. */
  mayAdopt?(object: T): boolean;
}

/**
 * Upstream's ControllerRefManager: keeps what is owned and matches, lets go what is owned and no longer matches, adopts
 * orphans that match unless either side is being deleted. Answers what the owner controls afterwards.
 */
export async function claim<T extends KubeObject>(request: Claim<T>): Promise<T[]> {
  const { client, kind, owner, selector } = request;
  const matches = (object: T) => selector !== undefined && matchesSelector(selector, object.metadata.labels ?? {});
  const deleting = owner.metadata.deletionTimestamp !== undefined;
  const claimed: T[] = [];
  for (const object of request.owned) {
    if (matches(object)) claimed.push(object);
    else if (!deleting) await release(client, kind, object, owner);
  }
  if (deleting) return claimed;
  const adoptable = request.orphans.filter(
    (object) =>
      object.metadata.deletionTimestamp === undefined && matches(object) && (request.mayAdopt?.(object) ?? true),
  );
  if (adoptable.length === 0) return claimed;
  const fresh = await client.get(request.ownerKind, owner.metadata.namespace, owner.metadata.name);
  if (fresh.metadata.uid !== owner.metadata.uid) {
    throw new Error(
      `original ${owner.kind} ${owner.metadata.namespace}/${owner.metadata.name} is gone: got uid ${fresh.metadata.uid}, wanted ${owner.metadata.uid}`,
    );
  }
  if (fresh.metadata.deletionTimestamp !== undefined) return claimed;
  for (const object of adoptable) {
    const adopted = await adopt(client, kind, object, owner);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

async function adopt<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  owner: KubeObject,
): Promise<T | undefined> {
  const { namespace, name, uid } = object.metadata;
  const body = { metadata: { ownerReferences: [controllerReference(owner)], uid } };
  return unlessGone(client.patch(kind, namespace, name, { type: 'strategic', body }));
}

export async function release<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  owner: KubeObject,
): Promise<void> {
  const { namespace, name, uid } = object.metadata;
  const body = { metadata: { ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], uid } };
  await unlessGone(client.patch(kind, namespace, name, { type: 'strategic', body }));
}

/** Undefined for what went away meanwhile (404), or was replaced by another of its name (409, 422 on the uid). */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && [404, 409, 422].includes(error.code)) return undefined;
    throw error;
  }
}

/** Undefined when the object is not there. */
export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}
