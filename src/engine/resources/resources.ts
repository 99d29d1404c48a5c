import type { Clock, Log } from '../../base/index.ts';
import { type Catalogue, StatusError } from '../kinds/index.ts';
import type { Store } from '../store/index.ts';
import { connectRequest } from './admission-request.ts';
import { type Allocation, type Context, mutateAdmission, type ResourceSettings, validateAdmission } from './context.ts';
import type { Admission, Resources } from './contract.ts';
import { create } from './create.ts';
import { startCustomResources } from './custom-resources/lifecycle.ts';
import { deleteObject } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import { get, getEntry } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export interface ResourceParts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Log;
  /** In order; see defaultAdmissions. */
  readonly admissions: readonly Admission[];
  readonly settings: ResourceSettings;
}

/** The verbs over a store. Addresses of Services and custom resources are taken up from what the store holds. */
export function createResources(parts: ResourceParts): Resources {
  const allocations = new Map<string, Allocation>([['/services', new ServiceAddresses(parts.store, parts.settings)]]);
  const context: Context = { ...parts, allocations, customStorage: new Map() };
  startCustomResources(context);
  return {
    create: (target, body, options) => answered(context, create(context, target, body, options)),
    get: (target, resourceVersion) => get(context, target, resourceVersion),
    getEntry: (target) => getEntry(context, target),
    list: (target, request) => list(context, target, request),
    update: (target, body, options) => answered(context, update(context, target, body, options)),
    patch: (target, request) => answered(context, patch(context, target, request)),
    delete: (target, request) => answered(context, deleteObject(context, target, request)),
    deleteCollection: (target, selection, request) => deleteCollection(context, target, selection, request),
    watch: (target, request, onEvents, onClose) => watch(context, target, request, onEvents, onClose),
    async admitConnect(target, request) {
      const connect = connectRequest(context, target, request.kind, request.fields, request);
      await mutateAdmission(context, connect);
      await validateAdmission(context, connect);
    },
  };
}

/** Who is told of a conflict can read what it lost to: a try that starts from there may win. */
async function answered<T>({ store }: Context, verb: Promise<T>): Promise<T> {
  try {
    return await verb;
  } catch (error) {
    if (error instanceof StatusError && error.code === 409) await store.settled();
    throw error;
  }
}

/** What a delete's event shows: the object as it was last, at the delete's revision. For the store's options. */
export function tombstone(value: object, revision: number): object {
  const object = value as { metadata?: object };
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
