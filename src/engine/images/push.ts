import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { PullOptions } from './contract.ts';
import { PullError } from './contract.ts';
import type { StoredImage } from './library.ts';
import { type Descriptor, type Manifest, MEDIA } from './oci.ts';
import { megabytes } from './pull.ts';
import { parseReference, registryPlace } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import type { LocalImageStore } from './store.ts';

export interface PushOptions {
  readonly store: LocalImageStore;
  /** A name of an image in the store, which also says where it goes. */
  readonly reference: string;
  readonly credentials?: PullOptions['credentials'];
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface Destination {
  readonly client: RegistryClient;
  readonly path: string;
  readonly scope: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends an image to the registry that its name says: layers that are there are left out, then the configuration, and
 * the manifest last, so that the name never points at something incomplete. Layers built here are compressed now.
 * @returns digest of the manifest in the registry
 * @throws PullError with what the registry said
 */
export async function pushImage(
  options: PushOptions,
): Promise<{ readonly reference: string; readonly digest: string }> {
  const { store, reference, signal } = options;
  const { library } = store;
  const tell = (line: string) => options.onProgress?.(line);
  const parsed = parseReference(reference);
  const name = library.normalName(reference);
  const image = await library.find(reference);
  if (!image) throw new PullError('ErrImagePull', `push ${name}: no such image here`);
  const place = registryPlace(parsed, library.settings.registries().defaultRegistry);
  if (!place)
    throw new PullError('RegistryUnavailable', `push ${name}: the name says no registry; tag it HOST/PATH:TAG first`);
  return library.working(signal, async () => {
    const client = new RegistryClient(library.settings, place.registry, options.credentials?.(place.registry));
    const scope = `repository:${place.path}:pull,push`;
    const destination: Destination = { client, path: place.path, scope, signal };
    const layers: Descriptor[] = [];
    for (const [position, layer] of image.manifest.layers.entries()) {
      const sent = await pushLayer(store, image, layer, position, destination, tell);
      layers.push(sent);
    }
    const config = await library.blobs.read(image.configDigest);
    await pushBlob(destination, image.manifest.config, async () => config);
    const same = layers.every((layer, position) => layer.digest === image.manifest.layers[position]?.digest);
    const manifest: Manifest = { ...image.manifest, layers };
    // A pulled image keeps its manifest byte for byte, and with it its digest.
    const bytes = same ? await library.blobs.read(image.manifestDigest) : Buffer.from(JSON.stringify(manifest));
    const response = await client.call(`${place.path}/manifests/${parsed.digest ?? parsed.tag ?? 'latest'}`, scope, {
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType ?? MEDIA.manifest },
      body: bytes,
      accept: [200, 201, 202],
      signal,
    });
    response.resume();
    const { sha256 } = await import('./blobs.ts');
    const digest = sha256(bytes);
    tell(`pushed ${name} ${digest}`);
    return { reference: name, digest };
  });
}

async function pushLayer(
  store: LocalImageStore,
  image: StoredImage,
  layer: Descriptor,
  position: number,
  destination: Destination,
  tell: (line: string) => void,
): Promise<Descriptor> {
  const { library } = store;
  const label = `layer ${position + 1} of ${image.manifest.layers.length}`;
  const compressed = layer.mediaType === MEDIA.layer ? await compressedLayer(store, image, position) : layer;
  const origin = await library.origins.get(compressed.digest);
  const from =
    origin?.registry === destination.client.registry && origin.path !== destination.path ? origin.path : undefined;
  const isNew = await pushBlob(destination, compressed, async () => library.blobs.stream(compressed.digest), from);
  await library.origins.set(compressed.digest, { registry: destination.client.registry, path: destination.path });
  tell(`${label}: ${isNew ? megabytes(compressed.size) : 'already there'}`);
  return compressed;
}

/** The gzip form of a layer built here; made once and kept, so that its digest stays the same. */
async function compressedLayer(store: LocalImageStore, image: StoredImage, position: number): Promise<Descriptor> {
  const { library } = store;
  const layer = image.layers[position];
  if (!layer) throw new Error(`image ${image.manifestDigest}: layer ${position} is missing`);
  const known = await library.compressed.get(layer.diffId);
  if (known && (await library.blobs.has(known.digest))) return known;
  const archive = await library.layers.archive(layer);
  const gzip = createGzip({ level: 6 });
  archive.on('error', (error) => gzip.destroy(error));
  const { digest, sizeBytes } = await library.blobs.ingest(archive.pipe(gzip));
  const descriptor = { mediaType: MEDIA.layerGzip, digest, size: sizeBytes };
  await library.compressed.set(layer.diffId, descriptor);
  return descriptor;
}

/** @returns false when the registry has it already */
async function pushBlob(
  destination: Destination,
  blob: Descriptor,
  open: () => Promise<Readable | Buffer>,
  from?: string,
): Promise<boolean> {
  const { client, path, scope, signal } = destination;
  const head = await client.call(`${path}/blobs/${blob.digest}`, scope, { method: 'HEAD', accept: [200, 404], signal });
  head.resume();
  if (head.statusCode === 200) return false;
  const mount = from === undefined ? '' : `?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`;
  const begun = await client.call(`${path}/blobs/uploads/${mount}`, scope, {
    method: 'POST',
    headers: { 'content-length': '0' },
    accept: [201, 202],
    signal,
  });
  begun.resume();
  if (begun.statusCode === 201) return false;
  const { location } = begun.headers;
  if (!location) throw new PullError('ErrImagePull', `push to ${client.registry}: it gave no place for the upload`);
  const url = new URL(location, await client.base(signal));
  url.searchParams.set('digest', blob.digest);
  const done = await client.call(url.href, scope, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: async () => {
      const source = await open();
      if (!Buffer.isBuffer(source)) return source;
      const { Readable: Stream } = await import('node:stream');
      return Stream.from([source]);
    },
    accept: [200, 201, 202],
    signal,
  });
  done.resume();
  return true;
}
