import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/index.ts';

/** A name and the manifest it points at. */
export interface NameRecord {
  readonly name: string;
  readonly manifest: string;
}

/** What the store knows of an image beyond its manifest and configuration. */
export interface ImageRecord {
  readonly manifest: string;
  /** Digest of the index the manifest was chosen from, when a registry served one. */
  readonly index?: string;
  readonly standIn?: string;
  /** Built on this machine, so no registry need know it. */
  readonly builtHere?: boolean;
}

/**
 * Small JSON files, one a record, each replaced by rename: a reader sees the old or the new one, never a part.
 * `names/` maps names to manifests, `images/` has a record for each manifest that is complete here, `cache/` maps
 * the key of a build step to its layer.
 */
export class Records<T> {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #path(key: string): string {
    return join(this.#directory, encodeURIComponent(key));
  }

  async get(key: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(key), 'utf8'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENAMETOOLONG') return undefined;
      throw error;
    }
  }

  async set(key: string, record: T): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const path = this.#path(key);
    const temporary = join(this.#directory, `.${randomBytes(6).toString('hex')}`);
    await writeFile(temporary, JSON.stringify(record), { flush: true });
    await rename(temporary, path);
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async list(): Promise<readonly { key: string; record: T }[]> {
    const names = (await readdir(this.#directory).catch(() => [])).filter((name) => !name.startsWith('.'));
    const found: { key: string; record: T }[] = [];
    for (const name of names) {
      const key = decodeURIComponent(name);
      const record = await this.get(key);
      if (record !== undefined) found.push({ key, record });
    }
    return found;
  }
}
