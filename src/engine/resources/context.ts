import type { Clock, Log } from '../../base/index.ts';
import { type Catalogue, convert, type Kind, type KubeObject, type ResourceInfo } from '../kinds/index.ts';
import type { Entry, Store } from '../store/index.ts';
import type { Admission, AdmissionRequest } from './contract.ts';
import { customView } from './custom-resources/view.ts';
import type { Mutable } from './object.ts';

export interface ResourceSettings {
  /** The range of Services' addresses: `10.96.0.0/16`. */
  readonly serviceRange: string;
  /** First and last port of NodePorts, both included. */
  readonly nodePortRange: readonly [number, number];
  /** What a request that says nothing gets; Strict when not given. */
  readonly defaultFieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

/** What a kind takes from a shared pool when it is written (addresses of Services). */
export interface Allocation {
  /** Fills in what the object is given. Answers the way to give it back, should the write fail. @throws StatusError */
  allocate(object: Mutable, old: KubeObject | undefined, dryRun: boolean): () => void;
}

/** What every verb works with. */
export interface Context {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ResourceSettings;
  readonly admissions: readonly Admission[];
  /** By `GROUP/RESOURCE`. */
  readonly allocations: ReadonlyMap<string, Allocation>;
  /** Storage versions of custom resources that are not served, by `GROUP/RESOURCE`. */
  readonly customStorage: Map<string, ResourceInfo>;
}

/** The core group has no name; its folder has. */
function folderOf(info: Pick<ResourceInfo, 'group' | 'resource' | 'storageGroup'>): string {
  return `/${(info.storageGroup ?? info.group) || 'core'}/${info.resource}/`;
}

/** Where the objects are: `/core/pods/`, or `/core/pods/default/`. */
export function prefixOf(
  info: Pick<ResourceInfo, 'group' | 'resource' | 'storageGroup' | 'namespaced'>,
  namespace: string | undefined,
): string {
  const folder = folderOf(info);
  return info.namespaced && namespace ? `${folder}${namespace}/` : folder;
}

/** `/core/pods/default/web`, `/rbac.authorization.k8s.io/clusterroles/admin`. */
export function keyOf(
  info: Pick<ResourceInfo, 'group' | 'resource' | 'storageGroup' | 'namespaced'>,
  namespace: string | undefined,
  name: string,
): string {
  return prefixOf(info, namespace) + name;
}

/** The resource as it is kept: its storage version. */
export function storedInfo(context: Context, info: ResourceInfo): ResourceInfo {
  const group = info.storageGroup ?? info.group;
  if (info.version === info.storageVersion && group === info.group) return info;
  return (
    context.catalogue.find(group, info.storageVersion, info.resource) ??
    context.customStorage.get(`${group}/${info.resource}`) ??
    info
  );
}

/** `apps/v1`, `v1`. */
export function apiVersionOf(info: Pick<ResourceInfo, 'group' | 'version'>): string {
  return info.group ? `${info.group}/${info.version}` : info.version;
}

/** A stored object in the version asked for; the stored object itself when that is the same. */
export function inVersion(context: Context, stored: KubeObject, info: ResourceInfo): KubeObject {
  if (info.custom) return customView(stored, info);
  if (stored.apiVersion === apiVersionOf(info)) return stored;
  return convert(stored, storedInfo(context, info), info.version, info.group);
}

/** Reads other objects for admission steps and subresources, as they will be once all that is written is durable. */
export function readObject<T>(
  context: Context,
  kind: Kind<T>,
  namespace: string | undefined,
  name: string,
): T | undefined {
  return context.store.head(keyOf(kind, namespace, name))?.value as T | undefined;
}

export function readObjects<T>(context: Context, kind: Kind<T>, namespace: string | undefined): readonly T[] {
  return context.store.list(prefixOf(kind, namespace)).entries.map((entry: Entry) => entry.value as T);
}

export async function mutateAdmission(context: Context, request: AdmissionRequest): Promise<void> {
  for (const step of context.admissions) {
    const waiting = step.mutate?.(request);
    if (waiting) await waiting;
  }
}

export async function validateAdmission(context: Context, request: AdmissionRequest): Promise<void> {
  for (const step of context.admissions) {
    const waiting = step.validate?.(request);
    if (waiting) await waiting;
  }
}
