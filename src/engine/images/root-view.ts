import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join, posix } from 'node:path';
import { codeOf } from '../../base/index.ts';

/** What stands at a path of the union of some layers. */
export type Entry =
  | { readonly kind: 'directory'; readonly directories: readonly Place[]; readonly stats: Stats }
  | { readonly kind: 'other'; readonly path: string; readonly stats: Stats };

interface Place {
  readonly layer: number;
  readonly path: string;
  /** Below the layer's root, without a leading slash; empty: the root. */
  readonly relative: string;
}

const SYMLINKS_MAX = 40;

/**
 * Reads the files of some layers as a container would see them, without mounting anything: for finding users, what a
 * COPY meets at its destination, and what it takes from another stage. Symbolic links never lead outside.
 */
export class RootView {
  readonly #layers: readonly { readonly directory: string; readonly hidden: { readonly opaque: readonly string[] } }[];
  readonly #opaque: readonly ReadonlySet<string>[];

  /** @param layers lowest first */
  constructor(
    layers: readonly { readonly directory: string; readonly hidden: { readonly opaque: readonly string[] } }[],
  ) {
    this.#layers = [...layers].reverse();
    this.#opaque = this.#layers.map((layer) => new Set(layer.hidden.opaque));
  }

  root(): Entry {
    const directories = this.#layers.map((layer, index) => ({ layer: index, path: layer.directory, relative: '' }));
    const first = directories[0];
    if (!first) return { kind: 'directory', directories, stats: lstatSync('/') };
    return { kind: 'directory', directories, stats: lstatSync(first.path) };
  }

  /** A name in a directory; not following links. */
  child(directory: Entry, name: string): Entry | undefined {
    if (directory.kind !== 'directory') return undefined;
    const found: Place[] = [];
    let stats: Stats | undefined;
    for (const place of directory.directories) {
      const path = join(place.path, name);
      let at: Stats;
      try {
        at = lstatSync(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') continue;
        throw error;
      }
      if (at.isCharacterDevice() && at.rdev === 0) break;
      if (!at.isDirectory()) {
        if (found.length > 0) break;
        return { kind: 'other', path, stats: at };
      }
      stats ??= at;
      const relative = place.relative ? `${place.relative}/${name}` : name;
      found.push({ layer: place.layer, path, relative });
      if (this.#opaque[place.layer]?.has(relative)) break;
    }
    return stats ? { kind: 'directory', directories: found, stats } : undefined;
  }

  /** Names in a directory, sorted. */
  names(directory: Entry): string[] {
    if (directory.kind !== 'directory') return [];
    const names = new Set<string>();
    for (const place of directory.directories) {
      for (const name of readdirSync(place.path)) names.add(name);
    }
    const single = directory.directories.length === 1 && this.#layers.length === 1;
    return [...names].sort().filter((name) => single || this.child(directory, name) !== undefined);
  }

  /** What stands at a path, links followed (the last one unless told otherwise). */
  resolve(path: string, followLast = true): Entry | undefined {
    const where = this.locate(path, followLast);
    return where.entry;
  }

  /**
   * Follows links as far as the path exists and returns the real path, which a part of may not exist yet.
   * @throws on more than 40 links
   */
  locate(path: string, followLast = true): { readonly path: string; readonly entry: Entry | undefined } {
    const pending = posix.normalize(`/${path}`).split('/').filter(Boolean);
    let trail: { name: string; entry: Entry | undefined }[] = [];
    let links = 0;
    const top = () => (trail.length > 0 ? trail.at(-1)?.entry : this.root());
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === '..') {
        trail.pop();
        continue;
      }
      const parent = top();
      const entry = parent && this.child(parent, name);
      if (entry?.kind === 'other' && entry.stats.isSymbolicLink() && (followLast || pending.length > 0)) {
        links += 1;
        if (links > SYMLINKS_MAX) throw new Error(`${path}: too many levels of symbolic links`);
        const target = readlinkSync(entry.path);
        if (target.startsWith('/')) trail = [];
        pending.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
        continue;
      }
      trail.push({ name, entry });
    }
    return { path: `/${trail.map(({ name }) => name).join('/')}`, entry: top() };
  }
}
