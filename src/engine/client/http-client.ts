import type { Readable } from 'node:stream';
import { type Kind, type KubeObject, type ListMeta, type Status, StatusError } from '../kinds/index.ts';
import type { Client, ListQuery, Patch, WatchEvent, WatchQuery, WriteOptions } from './contract.ts';
import { execInPod, type RemoteExec } from './exec-stream.ts';
import { createTransport, type HttpClientOptions, type RawAnswer, type RawRequest } from './http-transport.ts';
import { apiVersionOf, queryString, resourcePath } from './paths.ts';

/** A Client over HTTP, with a way to everything that is not an object (logs, discovery, healthz). */
export interface HttpClient extends Client {
  /** `path` with its query. @throws StatusError for 400 and above. */
  request(method: string, path: string, request?: RawRequest): Promise<RawAnswer>;
  /** As `execInPod()`, on this server. */
  exec(exec: RemoteExec): Promise<number>;
  /** Closes the connections that are idle. */
  close(): void;
}

const PATCH_TYPES: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
const WATCH_LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Speaks to any Kubernetes API server. @throws TypeError for a server that is no http(s) URL. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const transport = createTransport(options);
  const json = async (method: string, path: string, request?: RawRequest): Promise<unknown> =>
    JSON.parse(await (await transport.send(method, path, request)).text());
  const object = async <T>(_kind: Kind<T>, method: string, path: string, request?: RawRequest): Promise<T> =>
    (await json(method, path, request)) as T;

  return {
    request: (method, path, request) => transport.send(method, path, request),
    exec: (exec) => execInPod(options, exec),
    close: () => transport.close(),
    get: (kind, namespace, name) => object(kind, 'GET', resourcePath(kind, namespace, name)),
    async list<T>(kind: Kind<T>, query: ListQuery = {}) {
      const { namespace, ...rest } = query;
      const answer = (await json('GET', resourcePath(kind, namespace) + queryString(rest))) as {
        items?: T[] | null;
        metadata?: ListMeta;
      };
      // Items of a list come without their apiVersion and kind.
      const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
      const items = (answer.items ?? []).map((item) => ({ ...type, ...item }));
      const next = answer.metadata?.continue;
      return { items, resourceVersion: answer.metadata?.resourceVersion ?? '', ...(next ? { continue: next } : {}) };
    },
    create(kind, draft, write) {
      const { metadata } = draft as unknown as { metadata: { namespace?: string; name?: string } };
      const name = write?.subresource === undefined ? undefined : metadata.name;
      const path = resourcePath(kind, metadata.namespace, name, write?.subresource) + writeQuery(write);
      return object(kind, 'POST', path, { body: JSON.stringify(typed(kind, draft)) });
    },
    update(kind, next, write) {
      const { namespace, name } = (next as unknown as KubeObject).metadata;
      const path = resourcePath(kind, namespace, name, write?.subresource) + writeQuery(write);
      return object(kind, 'PUT', path, { body: JSON.stringify(typed(kind, next)) });
    },
    updateStatus(kind, next) {
      const { namespace, name } = (next as unknown as KubeObject).metadata;
      return object(kind, 'PUT', resourcePath(kind, namespace, name, 'status'), {
        body: JSON.stringify(typed(kind, next)),
      });
    },
    patch(kind, namespace, name, patch, write) {
      const force = patch.type === 'apply' && patch.force ? { force: true } : {};
      const path = resourcePath(kind, namespace, name, write?.subresource) + writeQuery(write, force);
      return object(kind, 'PATCH', path, { body: JSON.stringify(patch.body), contentType: PATCH_TYPES[patch.type] });
    },
    delete(kind, namespace, name, choice = {}) {
      const { uid, resourceVersion, dryRun, ...rest } = choice;
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...rest,
        ...(dryRun ? { dryRun: ['All'] } : {}),
        ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
      };
      return object(kind, 'DELETE', resourcePath(kind, namespace, name), { body: JSON.stringify(body) });
    },
    createSubresource: (kind, namespace, name, subresource, body) =>
      json('POST', resourcePath(kind, namespace, name, subresource), { body: JSON.stringify(body) }),
    async watch<T>(kind: Kind<T>, query: WatchQuery, onEvent: (event: WatchEvent<T>) => void) {
      const { namespace, signal, ...rest } = query;
      const path = resourcePath(kind, namespace) + queryString({ ...rest, watch: true, allowWatchBookmarks: true });
      try {
        const answer = await transport.send('GET', path, { signal, stream: true });
        await eachLine(answer.body, (line) => onEvent(watchEvent<T>(line)));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

function typed(kind: Kind<unknown>, body: unknown): unknown {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, ...(body as object) };
}

function writeQuery(write: WriteOptions | undefined, more: Record<string, boolean> = {}): string {
  return queryString({
    dryRun: write?.dryRun ? 'All' : undefined,
    fieldManager: write?.fieldManager,
    fieldValidation: write?.fieldValidation,
    ...more,
  });
}

function watchEvent<T>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { type: string; object: unknown };
  if (type === 'ERROR') throw new StatusError(object as Status);
  if (type === 'BOOKMARK') {
    return { type, resourceVersion: (object as KubeObject).metadata.resourceVersion };
  }
  return { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', object: object as T };
}

async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (start === chunk.length) continue;
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > WATCH_LINE_BYTES_MAX) throw new Error(`watch event of more than ${WATCH_LINE_BYTES_MAX} bytes`);
  }
}
