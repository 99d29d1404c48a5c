import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { sha256 } from './blobs.ts';
import { type Manifest, type ManifestIndex, MEDIA } from './oci.ts';
import type { RegistryDisk } from './registry-disk.ts';
import { RegistryFault } from './registry-fault.ts';
import { bodyOf } from './registry-http.ts';
import { LIMITS } from './settings.ts';

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly disk: RegistryDisk;
  readonly query: URLSearchParams;
  readonly name: string;
  readonly reference: string;
}

type Act = (call: Call) => Promise<void>;

const NAME = '([a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*)';
const DIGEST = /^sha256:[a-f0-9]{64}$/;
const TAG = /^\w[\w.-]{0,127}$/;
const PAGE_ITEMS_MAX = 1000;

const at = (path: string) => new RegExp(`^/v2/${path}$`);

/** The end points of distribution-spec 1.1, in the order of its table. */
export const ROUTES: readonly { readonly path: RegExp; readonly methods: Readonly<Record<string, Act>> }[] = [
  { path: at(''), methods: { GET: async ({ response }) => json(response, {}) } },
  { path: at('_catalog'), methods: { GET: listRepositories } },
  { path: at(`${NAME}/tags/list`), methods: { GET: listTags } },
  { path: at(`${NAME}/referrers/([^/]+)`), methods: { GET: listReferrers } },
  { path: at(`${NAME}/manifests/([^/]+)`), methods: { GET: getManifest, PUT: putManifest, DELETE: deleteManifest } },
  { path: at(`${NAME}/blobs/uploads/?`), methods: { POST: beginUpload } },
  {
    path: at(`${NAME}/blobs/uploads/([^/]+)`),
    methods: { GET: uploadStatus, PATCH: patchUpload, PUT: finishUpload, DELETE: cancelUpload },
  },
  { path: at(`${NAME}/blobs/([^/]+)`), methods: { GET: getBlob, DELETE: deleteBlob } },
];

function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(value);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

function paged(names: readonly string[], query: URLSearchParams): { page: readonly string[]; more: boolean } {
  const last = query.get('last');
  const rest = last === null ? names : names.filter((name) => name > last);
  const asked = Number(query.get('n') ?? PAGE_ITEMS_MAX);
  const count = Number.isInteger(asked) && asked >= 0 ? Math.min(asked, PAGE_ITEMS_MAX) : PAGE_ITEMS_MAX;
  return { page: rest.slice(0, count), more: count > 0 && rest.length > count };
}

function nextLink(path: string, page: readonly string[], more: boolean): Record<string, string> {
  if (!more) return {};
  return { link: `<${path}?n=${page.length}&last=${encodeURIComponent(page.at(-1) ?? '')}>; rel="next"` };
}

async function listRepositories({ disk, query, response }: Call): Promise<void> {
  const { page, more } = paged(await disk.names(), query);
  json(response, { repositories: page }, nextLink('/v2/_catalog', page, more));
}

async function listTags({ disk, name, query, response }: Call): Promise<void> {
  const tags = (await disk.repository(name).tags.list()).map(({ key }) => key).sort();
  if (tags.length === 0 && !(await disk.names()).includes(name))
    throw new RegistryFault(404, 'NAME_UNKNOWN', `repository name not known to registry: ${name}`);
  const { page, more } = paged(tags, query);
  json(response, { name, tags: page }, nextLink(`/v2/${name}/tags/list`, page, more));
}

async function listReferrers({ disk, name, reference, query, response }: Call): Promise<void> {
  const wanted = query.get('artifactType');
  const manifests = [];
  for (const { key, record } of await disk.repository(name).manifests.list()) {
    if (record.subject !== reference || (wanted && record.artifactType !== wanted)) continue;
    const { subject: _, ...rest } = record;
    manifests.push({ ...rest, digest: key, size: (await disk.blobs.sizeBytes(key)) ?? 0 });
  }
  const headers = { 'content-type': MEDIA.index, ...(wanted ? { 'oci-filters-applied': 'artifactType' } : {}) };
  json(response, { schemaVersion: 2, mediaType: MEDIA.index, manifests }, headers);
}

async function manifestDigest({ disk, name, reference }: Call): Promise<string> {
  const digest = DIGEST.test(reference) ? reference : (await disk.repository(name).tags.get(reference))?.digest;
  if (!digest || !(await disk.repository(name).manifests.get(digest))) {
    throw new RegistryFault(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  return digest;
}

async function getManifest(call: Call): Promise<void> {
  const { disk, name, request, response } = call;
  const digest = await manifestDigest(call);
  const record = await disk.repository(name).manifests.get(digest);
  const bytes = await disk.blobs.read(digest);
  response.writeHead(200, {
    'content-type': record?.mediaType ?? MEDIA.manifest,
    'content-length': String(bytes.length),
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

async function putManifest(call: Call): Promise<void> {
  const { disk, name, reference, request, response } = call;
  const bytes = await bodyOf(request, LIMITS.manifestBytesMax).catch(() => {
    throw new RegistryFault(413, 'MANIFEST_INVALID', `a manifest has at most ${LIMITS.manifestBytesMax} bytes`);
  });
  const digest = sha256(bytes);
  const isDigest = reference.includes(':');
  if (isDigest && reference !== digest)
    throw new RegistryFault(400, 'DIGEST_INVALID', `provided digest did not match uploaded content: ${digest}`);
  if (!isDigest && !TAG.test(reference)) throw new RegistryFault(400, 'MANIFEST_INVALID', `invalid tag ${reference}`);
  let manifest: Partial<Manifest> &
    Partial<ManifestIndex> & {
      subject?: { digest: string };
      artifactType?: string;
      annotations?: Record<string, string>;
    };
  try {
    manifest = JSON.parse(bytes.toString());
  } catch {
    throw new RegistryFault(400, 'MANIFEST_INVALID', 'manifest invalid: not JSON');
  }
  const repository = disk.repository(name);
  for (const part of [manifest.config, ...(manifest.layers ?? [])]) {
    if (part && !(await repository.blobs.get(part.digest)))
      throw new RegistryFault(404, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${part.digest}`);
  }
  for (const part of manifest.manifests ?? []) {
    if (!(await repository.manifests.get(part.digest)))
      throw new RegistryFault(404, 'MANIFEST_BLOB_UNKNOWN', `manifest unknown to registry: ${part.digest}`);
  }
  await disk.blobs.write(bytes);
  const artifactType = manifest.artifactType ?? manifest.config?.mediaType;
  await repository.manifests.set(digest, {
    mediaType: request.headers['content-type'] ?? manifest.mediaType ?? MEDIA.manifest,
    ...(manifest.subject ? { subject: manifest.subject.digest } : {}),
    ...(artifactType ? { artifactType } : {}),
    ...(manifest.annotations ? { annotations: manifest.annotations } : {}),
  });
  if (!isDigest) await repository.tags.set(reference, { digest });
  response.writeHead(201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(manifest.subject ? { 'oci-subject': manifest.subject.digest } : {}),
  });
  response.end();
}

async function deleteManifest(call: Call): Promise<void> {
  const { disk, name, reference, response } = call;
  const repository = disk.repository(name);
  const digest = await manifestDigest(call);
  if (reference.includes(':')) {
    for (const { key, record } of await repository.tags.list())
      if (record.digest === digest) await repository.tags.remove(key);
    await repository.manifests.remove(digest);
  } else {
    await repository.tags.remove(reference);
  }
  response.writeHead(202).end();
}

async function blobSize({ disk, name, reference }: Call): Promise<number> {
  const size =
    (await disk.repository(name).blobs.get(reference)) && DIGEST.test(reference)
      ? await disk.blobs.sizeBytes(reference)
      : undefined;
  if (size === undefined) throw new RegistryFault(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  return size;
}

async function getBlob(call: Call): Promise<void> {
  const { disk, reference, request, response } = call;
  const size = await blobSize(call);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': reference,
    'accept-ranges': 'bytes',
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (range && (start >= size || start > end)) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const partial = range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {};
  response.writeHead(range ? 206 : 200, { ...headers, ...partial, 'content-length': String(end - start + 1) });
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  await pipeline(disk.blobs.stream(reference, start, end), response);
}

async function deleteBlob(call: Call): Promise<void> {
  await blobSize(call);
  await call.disk.repository(call.name).blobs.remove(call.reference);
  call.response.writeHead(202).end();
}

async function beginUpload(call: Call): Promise<void> {
  const { disk, name, query, request, response } = call;
  const mount = query.get('mount');
  const from = query.get('from');
  if (mount && from && (await disk.repository(from).blobs.get(mount)) && (await disk.blobs.has(mount))) {
    await disk.repository(name).blobs.set(mount, {});
    created(response, name, mount);
    return;
  }
  const id = await disk.beginUpload();
  const digest = query.get('digest');
  if (digest) {
    await disk.append(id, request);
    await complete(call, id, digest);
    return;
  }
  request.resume();
  accepted(response, name, id, 0, 202);
}

async function complete({ disk, name, response }: Call, id: string, digest: string): Promise<void> {
  if (!DIGEST.test(digest) || !(await disk.finish(id, digest))) {
    await disk.cancel(id);
    throw new RegistryFault(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  await disk.repository(name).blobs.set(digest, {});
  created(response, name, digest);
}

function created(response: ServerResponse, name: string, digest: string): void {
  response
    .writeHead(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest, 'content-length': '0' })
    .end();
}

function accepted(response: ServerResponse, name: string, id: string, size: number, status: number): void {
  const range = `0-${Math.max(0, size - 1)}`;
  response
    .writeHead(status, {
      location: `/v2/${name}/blobs/uploads/${id}`,
      range,
      'docker-upload-uuid': id,
      'content-length': '0',
    })
    .end();
}

async function uploaded({ disk, reference }: Call): Promise<number> {
  const size = await disk.uploadedBytes(reference);
  if (size === undefined) throw new RegistryFault(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  return size;
}

async function uploadStatus(call: Call): Promise<void> {
  accepted(call.response, call.name, call.reference, await uploaded(call), 204);
}

async function appendChunk(call: Call): Promise<number> {
  const size = await uploaded(call);
  const start = /^(?:bytes )?(\d+)-\d+/.exec(call.request.headers['content-range'] ?? '')?.[1];
  if (start !== undefined && Number(start) !== size) {
    throw new RegistryFault(416, 'BLOB_UPLOAD_INVALID', `the next byte is ${size}, the chunk begins at ${start}`);
  }
  return call.disk.append(call.reference, call.request);
}

async function patchUpload(call: Call): Promise<void> {
  accepted(call.response, call.name, call.reference, await appendChunk(call), 202);
}

async function finishUpload(call: Call): Promise<void> {
  await appendChunk(call);
  await complete(call, call.reference, call.query.get('digest') ?? '');
}

async function cancelUpload(call: Call): Promise<void> {
  await uploaded(call);
  await call.disk.cancel(call.reference);
  call.response.writeHead(204).end();
}
