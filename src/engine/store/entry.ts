import type { Entry } from './contract.ts';

/** A value at a revision; its JSON is made when first asked for, or given when it was read from disk. */
export class StoredEntry implements Entry {
  readonly key: string;
  readonly value: object;
  readonly revision: number;
  #bytes: Buffer | undefined;

  constructor(key: string, value: object, revision: number, bytes?: Buffer) {
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.#bytes = bytes;
  }

  bytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.value));
    return this.#bytes;
  }
}
