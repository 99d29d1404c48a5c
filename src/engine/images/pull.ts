import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { finished, pipeline } from 'node:stream/promises';
import { codeOf, messageOf } from '../../base/index.ts';
import { meter, sha256, storageError } from './blobs.ts';
import { PullError, type PullOptions } from './contract.ts';
import type { Library, StoredImage } from './library.ts';
import {
  type ConfigFile,
  type Descriptor,
  type Manifest,
  type ManifestIndex,
  MEDIA,
  machineArchitecture,
} from './oci.ts';
import type { Reference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { bodyOf } from './registry-http.ts';
import { LIMITS } from './settings.ts';

const ACCEPT = [MEDIA.index, MEDIA.manifest, MEDIA.dockerList, MEDIA.dockerManifest].join(', ');

interface Source {
  readonly client: RegistryClient;
  readonly path: string;
  readonly scope: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Brings an image from its registry (its mirrors first) into the store: manifest, configuration, layers, all verified
 * by digest, the layers unpacked. The name points at it only when everything is here.
 * @throws PullError; RegistryUnavailable when no registry answered
 */
export async function pullImage(
  library: Library,
  name: string,
  reference: Reference,
  place: { readonly registry: string; readonly path: string },
  options: PullOptions,
): Promise<StoredImage> {
  const { settings } = library;
  const registries = [...(settings.registries().mirrors?.[place.registry] ?? []), place.registry];
  let problem: unknown;
  for (const registry of registries) {
    const slash = registry.indexOf('/');
    const host = slash < 0 ? registry : registry.slice(0, slash);
    const path = slash < 0 ? place.path : `${registry.slice(slash + 1)}/${place.path}`;
    const client = new RegistryClient(settings, host, options.credentials?.(host));
    const source = { client, path, scope: `repository:${path}:pull`, signal: options.signal };
    try {
      return await pullFrom(library, name, reference, source, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      // What the registry itself says counts for more than what a mirror says.
      problem = error;
    }
  }
  if (problem instanceof PullError && problem.reason === 'RegistryUnavailable') throw problem;
  throw new PullError('ErrImagePull', `failed to pull and unpack image "${name}": ${messageOf(problem)}`, {
    cause: problem,
  });
}

async function pullFrom(
  library: Library,
  name: string,
  reference: Reference,
  source: Source,
  options: PullOptions,
): Promise<StoredImage> {
  const tell = (line: string) => options.onProgress?.(line);
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const top = await getManifest(source, wanted);
  let { text, digest } = top;
  let index: string | undefined;
  const parsed: Partial<ManifestIndex> & Partial<Manifest> = JSON.parse(text);
  if (parsed.manifests) {
    index = await library.blobs.write(text);
    const chosen = chooseManifest(parsed.manifests);
    ({ text, digest } = await getManifest(source, chosen.digest));
  }
  const present = await library.stored(digest);
  if (present) {
    await library.name(name, digest);
    tell(`${name}: up to date`);
    return present;
  }
  const manifest: Manifest = JSON.parse(text);
  if (manifest.schemaVersion !== 2 || !manifest.config || !Array.isArray(manifest.layers)) {
    throw new PullError(
      'ErrImagePull',
      `${name}: the manifest is of a kind that cannot be run (${manifest.mediaType ?? 'no media type'})`,
    );
  }
  if (manifest.layers.length > LIMITS.layersMax)
    throw new PullError('ErrImagePull', `${name}: more than ${LIMITS.layersMax} layers`);
  if (manifest.config.size > LIMITS.manifestBytesMax)
    throw new PullError('ErrImagePull', `${name}: the configuration is too big`);
  await download(library, source, manifest.config);
  const config: ConfigFile = JSON.parse((await library.blobs.read(manifest.config.digest)).toString());
  const diffIds = config.rootfs?.diff_ids ?? [];
  if (diffIds.length !== manifest.layers.length)
    throw new PullError('ErrImagePull', `${name}: manifest and configuration differ in their layers`);
  const queue = manifest.layers.map((layer, position) => ({ layer, position }));
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { layer, position } = next;
      tell(`${name}: layer ${position + 1} of ${diffIds.length}: ${megabytes(layer.size)}`);
      await download(library, source, layer);
      const diffId = diffIds[position] ?? '';
      await library.layers.unpack(layer, diffId, options.signal);
      // An image built on this one is pushed with the very blobs its registry has already.
      await library.compressed.set(diffId, {
        mediaType: ociLayer(layer.mediaType),
        digest: layer.digest,
        size: layer.size,
      });
      await library.origins.set(layer.digest, { registry: source.client.registry, path: source.path });
    }
  };
  await Promise.all(Array.from({ length: LIMITS.parallelDownloads }, worker));
  await library.blobs.write(text);
  await library.images.set(digest, { manifest: digest, ...(index ? { index } : {}) });
  await library.name(name, digest);
  const image = await library.stored(digest);
  if (!image) throw new Error(`image ${name}: incomplete after its pull`);
  tell(`${name}: pulled`);
  return image;
}

/** OCI's name of a layer's media type, for manifests of ours. */
function ociLayer(mediaType: string): string {
  if (mediaType.endsWith('zstd')) return `${MEDIA.layer}+zstd`;
  return mediaType.endsWith('gzip') ? MEDIA.layerGzip : MEDIA.layer;
}

export function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

async function getManifest(source: Source, wanted: string): Promise<{ text: string; digest: string }> {
  const response = await source.client.call(`${source.path}/manifests/${wanted}`, source.scope, {
    headers: { accept: ACCEPT },
    accept: [200],
    signal: source.signal,
  });
  const bytes = await bodyOf(response, LIMITS.manifestBytesMax);
  const digest = sha256(bytes);
  if (wanted.includes(':') && wanted !== digest) {
    throw new PullError('ErrImagePull', `${source.client.registry} served another manifest than ${wanted}`);
  }
  return { text: bytes.toString(), digest };
}

/** The manifest for this machine out of an index. @throws PullError in containerd's words */
export function chooseManifest(
  manifests: readonly Descriptor[],
  architecture: string = machineArchitecture(),
): Descriptor {
  const fitting = manifests.filter(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  // Of arm64 the variant v8 is the plain one.
  const found = fitting.find(({ platform }) => !platform?.variant || platform.variant === 'v8') ?? fitting[0];
  if (!found) throw new PullError('ErrImagePull', `no match for platform in manifest: linux/${architecture}`);
  return found;
}

/** Fetches a blob, going on where a broken transfer stopped. Nothing is published before the digest is right. */
async function download(library: Library, source: Source, blob: Descriptor): Promise<void> {
  if ((await library.blobs.sizeBytes(blob.digest)) === blob.size) return;
  const temporary = await library.blobs.temporaryPath();
  try {
    for (let attempt = 1; ; attempt += 1) {
      const have = (await stat(temporary).catch(() => undefined))?.size ?? 0;
      try {
        await receive(source, blob, temporary, have);
        break;
      } catch (error) {
        source.signal?.throwIfAborted();
        if (error instanceof PullError || attempt >= LIMITS.triesMax || codeOf(error) === 'ENOSPC') throw error;
      }
    }
    const measured = meter(LIMITS.layerBytesMax);
    measured.stream.resume();
    await pipeline(createReadStream(temporary), measured.stream);
    if (measured.digest() !== blob.digest) {
      throw new PullError(
        'ErrImagePull',
        `${source.client.registry} served other bytes than ${blob.digest} (they have ${measured.digest()})`,
      );
    }
    await library.blobs.adopt(temporary, blob.digest);
  } catch (error) {
    throw storageError(library.settings.directory, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function receive(source: Source, blob: Descriptor, file: string, have: number): Promise<void> {
  const response = await source.client.call(`${source.path}/blobs/${blob.digest}`, source.scope, {
    headers: have > 0 ? { range: `bytes=${have}-` } : {},
    accept: have > 0 ? [200, 206] : [200],
    signal: source.signal,
  });
  const resumed = response.statusCode === 206;
  const output = createWriteStream(file, { flags: resumed ? 'a' : 'w' });
  let size = resumed ? have : 0;
  // Flowing from here on, with no wait in between: what came before a break is on disk for the next attempt.
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > blob.size)
      response.destroy(new PullError('ErrImagePull', `blob ${blob.digest}: more than its ${blob.size} bytes`));
    else if (!output.write(chunk)) response.pause();
  });
  output.on('drain', () => response.resume());
  output.on('error', (error) => response.destroy(error));
  const written = finished(output);
  written.catch(() => undefined);
  try {
    await finished(response, { writable: false });
  } finally {
    output.end();
    await written;
  }
  if (size < blob.size) throw new Error(`blob ${blob.digest}: ended after ${size} of ${blob.size} bytes`);
}
