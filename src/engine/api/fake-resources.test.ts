import { randomUUID } from 'node:crypto';
import { alreadyExists, expired, type KubeObject, notFound, parseLabelSelector } from '../kinds/index.ts';
import type { ListRequest, ResourceEvent, Resources, Target } from '../resources/index.ts';

type Kept = ReturnType<Resources['getEntry']>;

/** The least of the verbs, in memory: enough to see that the server asks for the right things and passes on what it gets. */
export function fakeResources(): Resources {
  const kept = new Map<string, Kept>();
  const watchers = new Set<{ prefix: string; onEvents: (events: readonly ResourceEvent[]) => void }>();
  let revision = 1;

  const prefixOf = ({ info, namespace }: Target) =>
    `${info.group}/${info.resource}/${namespace ? `${namespace}/` : ''}`;
  const keyOf = (target: Target, name = target.name ?? '') => `${prefixOf(target)}${name}`;
  const tell = (type: ResourceEvent['type'], entry: Kept) => {
    const event = { type, object: entry.value as KubeObject, bytes: () => entry.bytes() };
    for (const { prefix, onEvents } of watchers) if (entry.key.startsWith(prefix)) onEvents([event]);
  };
  const put = (target: Target, name: string, body: unknown, type: 'ADDED' | 'MODIFIED'): KubeObject => {
    revision++;
    const { metadata, ...rest } = body as KubeObject;
    const { group, version, kind } = target.info;
    const value = {
      apiVersion: group ? `${group}/${version}` : version,
      kind,
      metadata: {
        ...metadata,
        creationTimestamp: metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
        uid: metadata.uid ?? randomUUID(),
        name,
        ...(target.namespace && { namespace: target.namespace }),
        resourceVersion: String(revision),
      },
      ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'kind' && key !== 'apiVersion')),
    };
    let bytes: Buffer | undefined;
    const entry: Kept = {
      key: keyOf(target, name),
      value,
      revision,
      bytes: () => {
        bytes ??= Buffer.from(JSON.stringify(value));
        return bytes;
      },
    };
    kept.set(entry.key, entry);
    tell(type, entry);
    return value;
  };
  const find = (target: Target): Kept => {
    const entry = kept.get(keyOf(target));
    if (!entry) throw notFound(target.info, target.name ?? '');
    return entry;
  };
  const select = (target: Target, request: ListRequest) => {
    const matches = parseLabelSelector(request.labelSelector ?? '');
    const name = /metadata\.name=([^,]+)/.exec(request.fieldSelector ?? '')?.[1];
    return [...kept.values()].filter((entry) => {
      const { metadata } = entry.value as KubeObject;
      return (
        entry.key.startsWith(prefixOf(target)) && matches(metadata.labels ?? {}) && (!name || name === metadata.name)
      );
    });
  };
  const remove = (entry: Kept): KubeObject => {
    kept.delete(entry.key);
    revision++;
    tell('DELETED', entry);
    return entry.value as KubeObject;
  };

  return {
    create(target, body, { warnings }) {
      const { name } = (body as KubeObject).metadata;
      if (kept.has(keyOf(target, name))) return Promise.reject(alreadyExists(target.info, name));
      if ((body as { strange?: unknown }).strange !== undefined) warnings.push('unknown field "strange"');
      return Promise.resolve(put(target, name, body, 'ADDED'));
    },
    get: (target) => find(target).value as KubeObject,
    getEntry: find,
    list: (target, request) => ({
      items: select(target, request).map((entry) => ({ object: entry.value as KubeObject, entry })),
      resourceVersion: String(revision),
    }),
    async update(target, body) {
      find(target);
      return { object: put(target, target.name ?? '', body, 'MODIFIED'), created: false };
    },
    async patch(target, { patch }) {
      const old = find(target).value as KubeObject;
      const { metadata, ...rest } = patch as Partial<KubeObject>;
      const merged = { ...old, ...rest, metadata: { ...old.metadata, ...metadata } };
      return { object: put(target, target.name ?? '', merged, 'MODIFIED'), created: false };
    },
    async delete(target) {
      return { object: remove(find(target)), gone: true };
    },
    async deleteCollection(target, selection) {
      return select(target, selection).map(remove);
    },
    watch(target, request, onEvents) {
      if (request.resourceVersion === '-1') throw expired('too old resource version: -1 (2)');
      const watcher = { prefix: prefixOf(target), onEvents };
      watchers.add(watcher);
      return { stop: () => watchers.delete(watcher) };
    },
  };
}
