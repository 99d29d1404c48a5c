import type { Clock, Log } from '../../base/index.ts';
import type { Catalogue } from '../kinds/index.ts';
import type { Store } from '../store/index.ts';
import type { Allocation, Context, ResourceSettings } from './context.ts';
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
    create: (target, body, options) => create(context, target, body, options),
    get: (target, resourceVersion) => get(context, target, resourceVersion),
    getEntry: (target) => getEntry(context, target),
    list: (target, request) => list(context, target, request),
    update: (target, body, options) => update(context, target, body, options),
    patch: (target, request) => patch(context, target, request),
    delete: (target, request) => deleteObject(context, target, request),
    deleteCollection: (target, selection, request) => deleteCollection(context, target, selection, request),
    watch: (target, request, onEvents, onClose) => watch(context, target, request, onEvents, onClose),
  };
}

/** What a delete's event shows: the object as it was last, at the delete's revision. For the store's options. */
export function tombstone(value: object, revision: number): object {
  const object = value as { metadata?: object };
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
