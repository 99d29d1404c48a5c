import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../../base/index.ts';
import { type Blobs, meter, storageError } from './blobs.ts';
import { decompressed } from './compression.ts';
import { applyMarkers, type Hidden, hiddenBy, packLayer, unpackArchive } from './layer-tar.ts';
import { LIMITS } from './settings.ts';

/** A layer unpacked on disk. Immutable: found under its diff id it is complete. */
export interface Layer {
  /** Digest of the uncompressed archive: the layer's identity. */
  readonly diffId: string;
  /** The unpacked files, in overlayfs' format. */
  readonly directory: string;
  /** Bytes of the uncompressed archive. */
  readonly sizeBytes: number;
  readonly hidden: Hidden;
}

type LayerRecord = Omit<Layer, 'directory'>;

/**
 * Writes to a program that may have read enough before the end: tar stops at the archive's end mark, but the digest is
 * of everything. What the program makes of it, its exit code tells.
 */
function feed(input: Writable): Writable {
  input.on('error', () => {});
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (input.destroyed) done();
      else input.write(chunk, () => done());
    },
    final(done) {
      if (!input.destroyed) input.end();
      done();
    },
    destroy(error, done) {
      if (error) input.destroy();
      done(error);
    },
  });
}

/** Twelve characters: the option string of an overlay mount, which names every layer, ends at 4096 bytes. */
const SHORT_NAME_CHARACTERS = 12;

export class Layers {
  readonly #directory: string;
  readonly #blobs: Blobs;
  readonly #known = new Map<string, Layer>();

  constructor(directory: string, blobs: Blobs) {
    this.#directory = directory;
    this.#blobs = blobs;
  }

  #recordPath(diffId: string): string {
    return join(this.#directory, 'layers', `${diffId.replace('sha256:', '')}.json`);
  }

  #filesPath(diffId: string): string {
    return join(this.#directory, 'l', diffId.replace('sha256:', '').slice(0, SHORT_NAME_CHARACTERS));
  }

  async get(diffId: string): Promise<Layer | undefined> {
    const known = this.#known.get(diffId);
    if (known) {
      // Another process may have removed it since.
      if (await stat(known.directory).catch(() => undefined)) return known;
      this.#known.delete(diffId);
    }
    let text: string;
    try {
      text = await readFile(this.#recordPath(diffId), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    const record: LayerRecord = JSON.parse(text);
    const layer = { ...record, directory: this.#filesPath(diffId) };
    if (!(await stat(layer.directory).catch(() => undefined))) return undefined;
    this.#known.set(diffId, layer);
    return layer;
  }

  /**
   * Unpacks a stored archive. @param mediaType of the blob; tells the compression
   * @throws when the files are not those of `diffId`; nothing is kept then
   */
  async unpack(blob: { digest: string; mediaType: string }, diffId: string, signal?: AbortSignal): Promise<Layer> {
    const present = await this.get(diffId);
    if (present) return present;
    const directory = await this.#blobs.temporaryDirectory();
    try {
      const measured = meter(LIMITS.layerBytesMax);
      const target = unpackArchive(directory);
      const source = decompressed(this.#blobs.stream(blob.digest), blob.mediaType);
      const piped = pipeline([...source, measured.stream, feed(target.input)], signal ? { signal } : {});
      await Promise.all([piped.catch(() => {}), target.ended.catch(() => {})]);
      // tar's own words first: a broken pipe says less than "No space left on device".
      await target.ended;
      await piped;
      if (measured.digest() !== diffId) {
        throw new Error(
          `layer ${blob.digest}: its files have the digest ${measured.digest()}, the image says ${diffId}`,
        );
      }
      const hidden = await applyMarkers(directory);
      return await this.#publish(directory, { diffId, sizeBytes: measured.sizeBytes(), hidden });
    } catch (error) {
      throw storageError(this.#directory, error);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /**
   * Takes over a directory of `tmp/` written by overlayfs (or in its format) as a layer.
   * @param plain nothing of the layers below is hidden by it: spares the search
   */
  async adopt(directory: string, plain: boolean): Promise<Layer> {
    const scratch = await this.#blobs.temporaryDirectory();
    try {
      await chmod(directory, 0o755);
      const hidden = plain ? { whiteouts: [], opaque: [] } : await hiddenBy(directory);
      const packed = await packLayer(directory, hidden, scratch);
      const measured = meter(LIMITS.layerBytesMax);
      measured.stream.resume();
      await pipeline(packed.stream, measured.stream);
      await packed.ended;
      const diffId = measured.digest();
      return (
        (await this.get(diffId)) ??
        (await this.#publish(directory, { diffId, sizeBytes: measured.sizeBytes(), hidden }))
      );
    } catch (error) {
      throw storageError(this.#directory, error);
    } finally {
      await rm(scratch, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The layer's uncompressed archive. */
  async archive(layer: Layer): Promise<Readable> {
    const scratch = await this.#blobs.temporaryDirectory();
    const packed = await packLayer(layer.directory, layer.hidden, scratch);
    const out = new PassThrough();
    const done = pipeline(packed.stream, out, { end: false })
      .then(() => packed.ended)
      .then(() => out.end())
      .catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))));
    void done.finally(() => rm(scratch, { recursive: true, force: true })).catch(() => {});
    return out;
  }

  async #publish(directory: string, record: LayerRecord): Promise<Layer> {
    const files = this.#filesPath(record.diffId);
    await mkdir(join(this.#directory, 'l'), { recursive: true });
    await mkdir(join(this.#directory, 'layers'), { recursive: true });
    try {
      await rename(directory, files);
    } catch (error) {
      // Another process was faster; the files are the same.
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    }
    const path = this.#recordPath(record.diffId);
    const temporary = `${path}.${randomBytes(4).toString('hex')}`;
    await writeFile(temporary, JSON.stringify(record), { flush: true });
    await rename(temporary, path);
    const layer = { ...record, directory: files };
    this.#known.set(record.diffId, layer);
    return layer;
  }

  async list(): Promise<readonly Layer[]> {
    const names = await readdir(join(this.#directory, 'layers')).catch(() => []);
    const layers = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.get(`sha256:${name.slice(0, -5)}`)),
    );
    return layers.filter((layer) => layer !== undefined);
  }

  async remove(layer: Layer): Promise<void> {
    this.#known.delete(layer.diffId);
    await rm(this.#recordPath(layer.diffId), { force: true });
    const doomed = await this.#blobs.temporaryPath();
    await rename(layer.directory, doomed).catch(() => {});
    await rm(doomed, { recursive: true, force: true });
  }
}
