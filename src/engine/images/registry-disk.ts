import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Blobs, meter } from './blobs.ts';
import { Records } from './records.ts';
import { LIMITS } from './settings.ts';

export interface ManifestRecord {
  readonly mediaType: string;
  readonly subject?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What one repository has; the bytes themselves are shared by all. */
export interface Repository {
  readonly tags: Records<{ readonly digest: string }>;
  readonly manifests: Records<ManifestRecord>;
  readonly blobs: Records<object>;
}

/** The registry's files: `blobs/`, and below `repositories/NAME/` the tags, manifests and blobs each one has. */
export class RegistryDisk {
  readonly blobs: Blobs;
  readonly #directory: string;
  readonly #known = new Map<string, Repository>();

  constructor(directory: string) {
    this.#directory = directory;
    this.blobs = new Blobs(directory);
  }

  repository(name: string): Repository {
    let known = this.#known.get(name);
    if (!known) {
      const at = (kind: string) => join(this.#directory, 'repositories', encodeURIComponent(name), kind);
      known = {
        tags: new Records(at('tags')),
        manifests: new Records(at('manifests')),
        blobs: new Records(at('blobs')),
      };
      this.#known.set(name, known);
    }
    return known;
  }

  async names(): Promise<string[]> {
    const names = await readdir(join(this.#directory, 'repositories')).catch(() => []);
    return names.map(decodeURIComponent).sort();
  }

  #upload(id: string): string {
    return join(this.#directory, 'uploads', id);
  }

  async beginUpload(): Promise<string> {
    const id = randomUUID();
    await mkdir(join(this.#directory, 'uploads'), { recursive: true });
    await writeFile(this.#upload(id), '');
    return id;
  }

  /** Bytes received so far; undefined: no such upload. */
  async uploadedBytes(id: string): Promise<number | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    return (await stat(this.#upload(id)).catch(() => undefined))?.size;
  }

  async append(id: string, chunk: Readable): Promise<number> {
    await pipeline(chunk, createWriteStream(this.#upload(id), { flags: 'a' }));
    return (await stat(this.#upload(id))).size;
  }

  /** Gives the upload its place. @returns false, and drops it, when it is not what `digest` says */
  async finish(id: string, digest: string): Promise<boolean> {
    const measured = meter(LIMITS.layerBytesMax);
    measured.stream.resume();
    await pipeline(createReadStream(this.#upload(id)), measured.stream);
    const right = measured.digest() === digest;
    if (right) await this.blobs.adopt(this.#upload(id), digest);
    else await this.cancel(id);
    return right;
  }

  async cancel(id: string): Promise<void> {
    await rm(this.#upload(id), { force: true });
  }
}
