const CHUNK_KEYS_MAX = 512;

/**
 * All keys in order, in chunks, so that adding one among 100 000 moves a few hundred.
 * Invariants: no chunk is empty; keys rise within a chunk and from chunk to chunk.
 */
export class SortedKeys {
  readonly #chunks: string[][] = [];

  add(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] ?? this.#chunks[at - 1];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    const place = lowerBound(chunk, key);
    if (chunk[place] === key) return;
    chunk.splice(place, 0, key);
    if (chunk.length > CHUNK_KEYS_MAX) {
      const index = this.#chunks[at] === chunk ? at : at - 1;
      this.#chunks.splice(index + 1, 0, chunk.splice(CHUNK_KEYS_MAX / 2));
    }
  }

  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const place = lowerBound(chunk, key);
    if (chunk[place] !== key) return;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** Keys with the prefix, in order; only those after `after` when it is given. */
  *from(prefix: string, after?: string): Generator<string> {
    const past = after !== undefined && after >= prefix;
    const start = past ? after : prefix;
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      for (let place = lowerBound(chunk, start); place < chunk.length; place++) {
        const key = chunk[place] ?? '';
        if (past && key === start) continue;
        if (!key.startsWith(prefix)) return;
        yield key;
      }
    }
  }

  /** How many keys `from` would give, without walking them. */
  count(prefix: string, after?: string): number {
    const past = after !== undefined && after >= prefix;
    const start = past ? after : prefix;
    let total = 0;
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      let low = lowerBound(chunk, start);
      if (past && chunk[low] === start) low++;
      if (chunk.at(-1)?.startsWith(prefix)) {
        total += chunk.length - low;
        continue;
      }
      total += Math.max(0, upperBound(chunk, prefix) - low);
      break;
    }
    return total;
  }

  /** The first chunk whose last key is not before `key`. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.at(-1) ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The place of the first key not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place after the last key that is before the prefix or has it. */
function upperBound(keys: readonly string[], prefix: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keys[middle] ?? '';
    if (key < prefix || key.startsWith(prefix)) low = middle + 1;
    else high = middle;
  }
  return low;
}
