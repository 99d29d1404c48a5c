import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/index.ts';
import { Blobs } from './blobs.ts';
import type { Image } from './contract.ts';
import { type Layer, Layers } from './layers.ts';
import { takeLock } from './lock.ts';
import { type ConfigFile, type Descriptor, imageConfigOf, type Manifest, MEDIA } from './oci.ts';
import { type ImageRecord, type NameRecord, Records } from './records.ts';
import { normalName, parseReference } from './reference.ts';
import type { Settings } from './settings.ts';

/** What a build step left behind. */
export interface CacheRecord {
  readonly diffId: string;
  readonly createdAt: string;
}

/** An image with all that is needed to build on it or to push it. */
export interface StoredImage {
  readonly manifestDigest: string;
  readonly manifest: Manifest;
  readonly configDigest: string;
  readonly config: ConfigFile;
  readonly layers: readonly Layer[];
  readonly record: ImageRecord;
}

/** The parts of one store directory, shared by everything in this room that works on it. */
export class Library {
  readonly settings: Settings;
  readonly blobs: Blobs;
  readonly layers: Layers;
  readonly names: Records<NameRecord>;
  readonly images: Records<ImageRecord>;
  readonly cache: Records<CacheRecord>;
  /** Diff id to the compressed form that a registry has or was given. */
  readonly compressed: Records<Descriptor>;
  /** Digest of a blob to a repository that had it, from where the same registry can take it over. */
  readonly origins: Records<{ readonly registry: string; readonly path: string }>;
  readonly #stored = new Map<string, StoredImage>();

  constructor(settings: Settings) {
    const at = (name: string) => join(settings.directory, name);
    this.settings = settings;
    this.blobs = new Blobs(settings.directory);
    this.layers = new Layers(settings.directory, this.blobs);
    this.names = new Records(at('names'));
    this.images = new Records(at('images'));
    this.cache = new Records(at('cache'));
    this.compressed = new Records(at('compressed'));
    this.origins = new Records(at('origins'));
  }

  /** @throws PullError InvalidImageName */
  normalName(reference: string): string {
    return normalName(parseReference(reference), this.settings.registries().defaultRegistry);
  }

  lockPath(name: string): string {
    return join(this.settings.directory, `${name}.lock`);
  }

  /** Runs work that writes to the store; what it puts into `tmp/` is left alone, and nothing is collected, meanwhile. */
  async working<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await mkdir(this.settings.directory, { recursive: true });
    const release = await takeLock(this.lockPath('work'), { shared: true, ...(signal ? { signal } : {}) });
    try {
      return await work();
    } finally {
      release?.();
    }
  }

  /** By name, or by the id of an image (`sha256:…`, of its configuration or its manifest). */
  async find(reference: string): Promise<StoredImage | undefined> {
    if (/^sha256:[a-f0-9]{64}$/.test(reference)) return this.#byId(reference);
    const record = await this.names.get(this.normalName(reference));
    return record ? this.stored(record.manifest) : undefined;
  }

  async #byId(id: string): Promise<StoredImage | undefined> {
    const direct = await this.stored(id);
    if (direct) return direct;
    for (const { record } of await this.images.list()) {
      const image = await this.stored(record.manifest);
      if (image?.configDigest === id) return image;
    }
    return undefined;
  }

  /** The image of this manifest, if every part of it is here. */
  async stored(manifestDigest: string): Promise<StoredImage | undefined> {
    const record = await this.images.get(manifestDigest);
    if (!record) {
      this.#stored.delete(manifestDigest);
      return undefined;
    }
    const known = this.#stored.get(manifestDigest);
    if (known) {
      const present = await Promise.all(known.layers.map((layer) => this.layers.get(layer.diffId)));
      if (present.every(Boolean)) return { ...known, record };
      this.#stored.delete(manifestDigest);
      return undefined;
    }
    try {
      const manifest: Manifest = JSON.parse((await this.blobs.read(manifestDigest)).toString());
      const config: ConfigFile = JSON.parse((await this.blobs.read(manifest.config.digest)).toString());
      const layers: Layer[] = [];
      for (const diffId of config.rootfs.diff_ids) {
        const layer = await this.layers.get(diffId);
        if (!layer) return undefined;
        layers.push(layer);
      }
      const image = { manifestDigest, manifest, configDigest: manifest.config.digest, config, layers, record };
      this.#stored.set(manifestDigest, image);
      return image;
    } catch (error) {
      this.settings.log.warn('image in the store cannot be read', { manifest: manifestDigest, error: String(error) });
      return undefined;
    }
  }

  /**
   * Records an image of layers that are here, and points the name at it. Its manifest lists the uncompressed
   * archives; pushing compresses them.
   */
  async add(config: ConfigFile, facts: Omit<ImageRecord, 'manifest'>, name?: string): Promise<StoredImage> {
    const text = JSON.stringify(config);
    const configDigest = await this.blobs.write(text);
    const layers: Descriptor[] = [];
    for (const diffId of config.rootfs.diff_ids) {
      const layer = await this.layers.get(diffId);
      assert(layer, `layer ${diffId} of a new image is in the store`);
      layers.push({ mediaType: MEDIA.layer, digest: diffId, size: layer.sizeBytes });
    }
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: { mediaType: MEDIA.config, digest: configDigest, size: Buffer.byteLength(text) },
      layers,
    };
    const digest = await this.blobs.write(JSON.stringify(manifest));
    await this.images.set(digest, { manifest: digest, ...facts });
    if (name !== undefined) await this.name(name, digest);
    const image = await this.stored(digest);
    assert(image, `image ${digest} is in the store after it was added`);
    return image;
  }

  async name(name: string, manifest: string): Promise<void> {
    const normal = this.normalName(name);
    await this.names.set(normal, { name: normal, manifest });
  }

  /** The view of an image that the contract promises. */
  async view(image: StoredImage): Promise<Image> {
    const all = await this.names.list();
    const names = all.filter(({ record }) => record.manifest === image.manifestDigest).map(({ record }) => record.name);
    return viewOf(image, names.sort());
  }

  /** A text file of an image, as its containers see it; undefined when there is none. */
  async readText(image: StoredImage, path: string): Promise<string | undefined> {
    const { RootView } = await import('./root-view.ts');
    const entry = new RootView(image.layers).resolve(path);
    return entry?.kind === 'other' ? readFile(entry.path, 'utf8') : undefined;
  }
}

export function viewOf(image: StoredImage, names: readonly string[]): Image {
  return {
    id: image.configDigest,
    digest: image.manifestDigest,
    names,
    config: imageConfigOf(image.config),
    layerDirectories: image.layers.map((layer) => layer.directory),
    sizeBytes: image.manifest.layers.reduce((sum, layer) => sum + layer.size, image.manifest.config.size),
    createdAt: image.config.created ?? '1970-01-01T00:00:00Z',
    standIn: image.record.standIn,
  };
}
