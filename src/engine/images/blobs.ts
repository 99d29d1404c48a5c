import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, messageOf } from '../../base/index.ts';
import { LIMITS } from './settings.ts';

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Passes everything on and keeps count; reading it after the end gives the digest. */
export function meter(bytesMax: number): { stream: Transform; digest(): string; sizeBytes(): number } {
  const hash = createHash('sha256');
  let size = 0;
  let digest: string | undefined;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > bytesMax) {
        done(new Error(`more than ${bytesMax} bytes`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return {
    stream,
    digest: () => {
      digest ??= `sha256:${hash.digest('hex')}`;
      return digest;
    },
    sizeBytes: () => size,
  };
}

/**
 * Bytes by their sha256, one file each. A file under its final name is complete and was verified; a write goes to
 * `tmp/` first and is renamed.
 */
export class Blobs {
  readonly directory: string;
  readonly #blobs: string;
  readonly #temporary: string;

  constructor(directory: string) {
    this.directory = directory;
    this.#blobs = join(directory, 'blobs/sha256');
    this.#temporary = join(directory, 'tmp');
  }

  path(digest: string): string {
    const hex = /^sha256:([a-f0-9]{64})$/.exec(digest)?.[1];
    if (!hex) throw new Error(`digest ${JSON.stringify(digest)}: only sha256 digests are known`);
    return join(this.#blobs, hex);
  }

  async sizeBytes(digest: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async has(digest: string): Promise<boolean> {
    return (await this.sizeBytes(digest)) !== undefined;
  }

  /** A small blob (manifest, configuration), verified. @throws when it is absent or damaged */
  async read(digest: string): Promise<Buffer> {
    const size = await this.sizeBytes(digest);
    if (size !== undefined && size > LIMITS.manifestBytesMax)
      throw new Error(`blob ${digest}: ${size} bytes is too big`);
    const bytes = await readFile(this.path(digest));
    if (sha256(bytes) !== digest) throw new Error(`blob ${digest}: damaged on disk`);
    return bytes;
  }

  /** @param end the last byte wanted; the blob's own last one when not given */
  stream(digest: string, start = 0, end?: number): Readable {
    return createReadStream(this.path(digest), { start, ...(end === undefined ? {} : { end }) });
  }

  async write(bytes: string | Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    if (await this.has(digest)) return digest;
    const temporary = await this.temporaryPath();
    try {
      await writeFile(temporary, bytes, { flush: true });
      await this.#publish(temporary, digest);
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageError(this.directory, error);
    }
    return digest;
  }

  /** Stores a stream. @throws when it is not what `expected` says; nothing is kept then */
  async ingest(
    source: Readable,
    expected: { digest?: string; bytesMax?: number } = {},
  ): Promise<{ digest: string; sizeBytes: number }> {
    const temporary = await this.temporaryPath();
    const measured = meter(expected.bytesMax ?? LIMITS.layerBytesMax);
    try {
      await pipeline(source, measured.stream, createWriteStream(temporary));
      const digest = measured.digest();
      if (expected.digest && expected.digest !== digest) {
        throw new Error(`digest mismatch: expected ${expected.digest}, got ${digest}`);
      }
      await this.#publish(temporary, digest);
      return { digest, sizeBytes: measured.sizeBytes() };
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageError(this.directory, error);
    }
  }

  /** Gives a finished file of `tmp/` its place; the caller has verified the digest. */
  async adopt(file: string, digest: string): Promise<void> {
    await this.#publish(file, digest);
  }

  async #publish(temporary: string, digest: string): Promise<void> {
    await mkdir(this.#blobs, { recursive: true });
    await rename(temporary, this.path(digest));
  }

  async remove(digest: string): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  async list(): Promise<readonly { digest: string; sizeBytes: number }[]> {
    const names = await readdir(this.#blobs).catch(() => []);
    const sized = await Promise.all(
      names.map(async (name) => ({
        digest: `sha256:${name}`,
        sizeBytes: (await this.sizeBytes(`sha256:${name}`)) ?? 0,
      })),
    );
    return sized;
  }

  /** A new path on the store's own file system, for what will be renamed into place. */
  async temporaryPath(): Promise<string> {
    await mkdir(this.#temporary, { recursive: true });
    return join(this.#temporary, randomBytes(8).toString('hex'));
  }

  async temporaryDirectory(): Promise<string> {
    const path = await this.temporaryPath();
    await mkdir(path, { mode: 0o755 });
    return path;
  }
}

/** A full disk is told as such, wherever it was noticed. */
export function storageError(directory: string, error: unknown): unknown {
  const text = messageOf(error);
  if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' || /no space left on device/i.test(text)) {
    return new Error(`image store ${directory}: no space left on device`, { cause: error });
  }
  return error;
}
