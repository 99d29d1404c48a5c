import type { Client, DeleteOptions, ListQuery, Patch, WatchEvent, WatchQuery, WriteOptions } from '../client/index.ts';
import {
  type Catalogue,
  type Draft,
  type Kind,
  type KubeObject,
  notFound,
  type Status,
  StatusError,
} from '../kinds/index.ts';
import type { RequestOptions, Resources, Target, UserInfo } from '../resources/index.ts';

/** Subresources that are no verbs on objects, and who answers them (the API's own reviews and tokens). */
export type VirtualCreate = (target: Target, body: unknown, user: UserInfo) => Promise<unknown> | undefined;

export interface LocalClientOptions {
  resources: Resources;
  catalogue: Catalogue;
  /** In whose name: the loops of the engine itself are not asked for permission. */
  user: UserInfo;
  /** Default of `fieldManager`. */
  fieldManager: string;
  virtualCreate?: VirtualCreate;
}

/** A Client straight on the verbs: no HTTP, no JSON; the objects that come back are the store's own. */
export function localClient(options: LocalClientOptions): Client {
  const { resources, catalogue, user } = options;
  const target = (kind: Kind<unknown>, namespace: string | undefined, name?: string, subresource?: string): Target => {
    const info = catalogue.find(kind.group, kind.version, kind.resource);
    if (!info) throw notFound({ group: kind.group, resource: kind.resource }, name ?? '');
    return {
      info,
      ...(info.namespaced && namespace ? { namespace } : {}),
      ...(name === undefined ? {} : { name }),
      ...(subresource === undefined ? {} : { subresource }),
    };
  };
  const request = (write: WriteOptions = {}): RequestOptions => ({
    user,
    warnings: [],
    fieldManager: write.fieldManager ?? options.fieldManager,
    fieldValidation: write.fieldValidation ?? 'Ignore',
    ...(write.dryRun ? { dryRun: true } : {}),
  });
  const metadataOf = (object: unknown) => (object as KubeObject).metadata;
  const list = (query: ListQuery) => {
    const { namespace: _, ...selection } = query;
    return selection;
  };

  return {
    async get<T>(kind: Kind<T>, namespace: string | undefined, name: string) {
      return resources.get(target(kind, namespace, name)) as T;
    },
    async list<T>(kind: Kind<T>, query: ListQuery = {}) {
      const answer = resources.list(target(kind, query.namespace), list(query));
      return {
        items: answer.items.map(({ object }) => object as T),
        resourceVersion: answer.resourceVersion,
        ...(answer.continue === undefined ? {} : { continue: answer.continue }),
      };
    },
    async create<T>(kind: Kind<T>, object: Draft<T>, write?: WriteOptions) {
      const metadata = metadataOf(object) as Partial<KubeObject['metadata']> | undefined;
      const at = target(kind, metadata?.namespace, undefined, write?.subresource);
      return (await resources.create(at, complete(kind, object), request(write))) as T;
    },
    async update<T>(kind: Kind<T>, object: T, write?: WriteOptions) {
      const { namespace, name } = metadataOf(object);
      const { object: answer } = await resources.update(
        target(kind, namespace, name, write?.subresource),
        complete(kind, object),
        request(write),
      );
      return answer as T;
    },
    async updateStatus<T>(kind: Kind<T>, object: T) {
      const { namespace, name } = metadataOf(object);
      const { object: answer } = await resources.update(
        target(kind, namespace, name, 'status'),
        complete(kind, object),
        request(),
      );
      return answer as T;
    },
    async patch<T>(kind: Kind<T>, namespace: string | undefined, name: string, patch: Patch, write?: WriteOptions) {
      const { object } = await resources.patch(target(kind, namespace, name, write?.subresource), {
        ...request(write),
        type: patch.type,
        patch: patch.type === 'apply' ? complete(kind, patch.body) : patch.body,
        ...(patch.type === 'apply' && patch.force ? { force: true } : {}),
      });
      return object as T;
    },
    async delete<T>(kind: Kind<T>, namespace: string | undefined, name: string, deletion: DeleteOptions = {}) {
      const { dryRun, ...rest } = deletion;
      const answer = await resources.delete(target(kind, namespace, name), {
        ...request(dryRun ? { dryRun } : {}),
        ...rest,
      });
      return answer.object as T;
    },
    async createSubresource(kind, namespace, name, subresource, body) {
      const at = target(kind, namespace, name, subresource);
      const virtual = options.virtualCreate?.(at, body, user);
      return virtual ? await virtual : await resources.create(at, body, request());
    },
    watch<T>(kind: Kind<T>, query: WatchQuery, onEvent: (event: WatchEvent<T>) => void) {
      const { namespace, signal, ...selection } = query;
      return new Promise<void>((resolve, reject) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const at = target(kind, namespace);
        let ended = false;
        const end = (error?: Error) => {
          if (ended) return;
          ended = true;
          signal.removeEventListener('abort', stop);
          if (error) reject(error);
          else resolve();
        };
        const watch = resources.watch(
          at,
          selection,
          (events) => {
            for (const event of events) {
              if (event.type === 'ERROR') {
                end(new StatusError(event.object as Status));
                return;
              }
              if (event.type === 'BOOKMARK')
                onEvent({ type: 'BOOKMARK', resourceVersion: (event.object as KubeObject).metadata.resourceVersion });
              else onEvent({ type: event.type, object: event.object as T });
            }
          },
          end,
        );
        function stop() {
          watch.stop();
          end();
        }
        signal.addEventListener('abort', stop, { once: true });
      });
    },
  };
}

/** A client in the same process may leave out what the kind says already. */
function complete(kind: Kind<unknown>, object: unknown): unknown {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return { apiVersion, kind: kind.kind, ...(object as object) };
}
