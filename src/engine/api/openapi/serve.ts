import { createHash } from 'node:crypto';
import { kinds, notAcceptable } from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { ServedVersion } from '../discovery/documents.ts';
import type { Exchange } from '../exchange.ts';
import { headerOf } from '../http.ts';
import { parseAccept } from '../negotiation.ts';
import { sendBytes, sendError, sendObject } from '../respond.ts';
import type { Json } from './schemas.ts';

export interface OpenApi {
  /** Answers `/openapi/v2`, `/openapi/v3` and the documents below; false when the path is none of these. */
  serve(exchange: Exchange): Promise<boolean>;
}

/** Raised when what these documents say of the same resources changes, since clients keep them for good. */
const FORM = 1;
const YEAR_SECONDS = 365 * 24 * 3600;
/** What a client may name JSON of OpenAPI by. */
const JSON_TYPES = new Set(['application/json', 'application/*', '*/*', 'application/openapi+json']);

/** How clients name the protobuf form of OpenAPI 2.0, in the old way and the one that RFC 6838 allows. */
const PROTOBUF_TYPES = new Set([
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
]);
const PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

interface Kept {
  readonly bytes: Buffer;
  readonly tag: string;
}

/** Documents are made when first asked for, kept as bytes, and thrown away when the catalogue moves on. */
export function createOpenApi(
  context: Pick<ApiContext, 'catalogue' | 'resources' | 'version' | 'clock'>,
  discovery: Discovery,
): OpenApi {
  const { catalogue, version } = context;
  let generation = -1;
  let documents = new Map<string, Kept>();
  let hashes: Map<string, { hash: string; group: string; served: ServedVersion }> | undefined;

  function refresh(): void {
    if (generation === catalogue.generation) return;
    generation = catalogue.generation;
    documents = new Map();
    hashes = undefined;
  }

  /** The hash of a document is made of what goes into it, so that the index needs none of the documents. */
  function index(): NonNullable<typeof hashes> {
    if (hashes) return hashes;
    hashes = new Map();
    const definitions = definitionVersions(context);
    for (const { group, versions } of discovery.groups()) {
      for (const served of versions) {
        const about = served.resources.map((info) => [
          info.resource,
          info.verbs,
          [...info.subresources.keys()],
          definitions.get(`${info.resource}.${info.group}`),
        ]);
        const hash = createHash('sha512')
          .update(JSON.stringify([FORM, version.gitVersion, about]))
          .digest('hex')
          .slice(0, 64)
          .toUpperCase();
        hashes.set(group ? `apis/${group}/${served.version}` : `api/${served.version}`, { hash, group, served });
      }
    }
    return hashes;
  }

  async function document(key: string, hash: string, make: () => Promise<Json>): Promise<Kept> {
    const known = documents.get(key);
    if (known) return known;
    const made = { bytes: Buffer.from(JSON.stringify(await make())), tag: `"${hash}"` };
    documents.set(key, made);
    return made;
  }

  async function serveVersion(exchange: Exchange, path: string): Promise<boolean> {
    const found = index().get(path);
    if (!found) return false;
    const { hash, served } = found;
    const asked = exchange.query.get('hash');
    if (asked !== null && asked !== hash) {
      sendBytes(exchange, 301, 'text/plain', [], { location: `/openapi/v3/${path}?hash=${hash}` });
      return true;
    }
    const { groupVersionDocument } = await import('./documents.ts');
    const kept = await document(path, hash, () => groupVersionDocument(context, served));
    const headers: Record<string, string> = { etag: kept.tag, vary: 'Accept' };
    if (asked !== null) {
      headers['cache-control'] = 'public, immutable';
      headers.expires = new Date(context.clock.now() + YEAR_SECONDS * 1000).toUTCString();
    }
    send(exchange, kept, headers);
    return true;
  }

  return {
    async serve(exchange) {
      const path = exchange.info.path.replace(/\/$/, '');
      if (path !== '/openapi/v2' && path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return false;
      refresh();
      const protobuf = path === '/openapi/v2' && accepts(exchange, PROTOBUF_TYPES, JSON_TYPES);
      if (!protobuf && !accepts(exchange, JSON_TYPES)) {
        await sendError(exchange, notAcceptable(['application/json']));
        return true;
      }
      if (path === '/openapi/v3') {
        const paths: Json = {};
        for (const [name, { hash }] of index()) paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
        await sendObject(exchange, 200, { paths });
        return true;
      }
      if (path === '/openapi/v2') {
        const all = [...index().values()];
        const hash = createHash('sha512')
          .update(all.map((one) => one.hash).join())
          .digest('hex')
          .slice(0, 64)
          .toUpperCase();
        const { wholeDocument } = await import('./documents.ts');
        const versions = all.map((one) => one.served);
        const kept = await document('v2', hash, () => wholeDocument(context, versions));
        if (protobuf) {
          const known = documents.get('v2 protobuf');
          const { protobufDocument } = await import('./protobuf-document.ts');
          const form = known ?? {
            bytes: protobufDocument(JSON.parse(kept.bytes.toString()) as Json),
            tag: `"P${hash}"`,
          };
          documents.set('v2 protobuf', form);
          send(exchange, form, { etag: form.tag, vary: 'Accept' }, PROTOBUF_TYPE);
        } else send(exchange, kept, { etag: kept.tag, vary: 'Accept' });
        return true;
      }
      return serveVersion(exchange, path.slice('/openapi/v3/'.length));
    },
  };
}

function send(
  exchange: Exchange,
  { bytes, tag }: Kept,
  headers: Record<string, string>,
  type = 'application/json',
): void {
  if (headerOf(exchange.request.headers, 'if-none-match') === tag) {
    sendBytes(exchange, 304, type, [], headers);
  } else sendBytes(exchange, 200, type, bytes, headers);
}

/** Whether the client takes one of `types`, and names it before any of `others`. No Accept header takes anything. */
function accepts({ request }: Exchange, types: ReadonlySet<string>, others?: ReadonlySet<string>): boolean {
  const accept = headerOf(request.headers, 'accept');
  if (!accept) return !others;
  const first = parseAccept(accept).find(({ type }) => types.has(type) || others?.has(type));
  return first !== undefined && types.has(first.type);
}

/** The version of each definition of custom resources, by its name. */
function definitionVersions({
  catalogue,
  resources,
}: Pick<ApiContext, 'catalogue' | 'resources'>): Map<string, string> {
  const { group, version, resource } = kinds.customresourcedefinitions;
  const info = catalogue.find(group, version, resource);
  const versions = new Map<string, string>();
  if (!info || !catalogue.all().some((one) => one.custom)) return versions;
  for (const { object } of resources.list({ info }, {}).items) {
    versions.set(object.metadata.name, `${object.metadata.uid} ${object.metadata.generation ?? 0}`);
  }
  return versions;
}
