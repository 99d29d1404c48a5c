import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join, posix } from 'node:path';
import { codeOf } from '../../base/index.ts';
import type { RootView } from './root-view.ts';
import { LIMITS } from './settings.ts';
import type { SourceNode, SourceTree } from './source-tree.ts';

export interface CopyTarget {
  /** The new layer's own files. */
  readonly upper: string;
  /** The layers below with `upper` on top. */
  readonly view: RootView;
}

export interface CopyManner {
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Permissions of what is copied, from what they were. */
  readonly mode: ((mode: number, directory: boolean) => number) | undefined;
  /** Keep the owner of the source where `owner` is not given; else root. */
  readonly keepOwner: boolean;
  excludes(path: string): boolean;
}

/** So many files are copied before others of the process get their turn. */
const TURN_FILES = 256;

/**
 * Copies into a layer under construction. Directories of the layers below are repeated with their own permissions, and
 * links on the way are followed inside the image, as a container would.
 */
export class Copier {
  readonly #target: CopyTarget;
  readonly #manner: CopyManner;
  readonly #made = new Map<string, string>();
  #count = 0;

  constructor(target: CopyTarget, manner: CopyManner) {
    this.#target = target;
    this.#manner = manner;
  }

  /** Puts `node` at `destination`: a directory's contents are merged into it, anything else gets that name. */
  async copy(tree: SourceTree, node: SourceNode, destination: string): Promise<void> {
    if (node.stats.isDirectory()) {
      const directory = this.directory(destination, node.stats);
      for (const child of tree.children(node)) {
        if (this.#manner.excludes(child.path)) continue;
        const name = child.path.slice(child.path.lastIndexOf('/') + 1);
        await this.copy(tree, child, posix.join(destination, name));
      }
      if (directory.isNew) utimesSync(directory.path, node.stats.atime, node.stats.mtime);
      return;
    }
    this.#count += 1;
    if (this.#count > LIMITS.contextFilesMax) throw new Error(`more than ${LIMITS.contextFilesMax} files to copy`);
    if (this.#count % TURN_FILES === 0) await new Promise((resolve) => setImmediate(resolve));
    const parent = this.directory(posix.dirname(destination)).path;
    this.#file(tree, node, join(parent, posix.basename(destination)), destination);
  }

  #file(tree: SourceTree, node: SourceNode, path: string, destination: string): void {
    const there = this.#target.view.resolve(destination, false);
    if (there?.kind === 'directory') throw new Error(`cannot replace the directory ${destination} by a file`);
    rmSync(path, { force: true });
    const { stats } = node;
    const owner = this.#ownerOf(stats);
    if (stats.isSymbolicLink()) {
      symlinkSync(readlinkSync(node.realPath), path);
      lchownSync(path, owner.uid, owner.gid);
      lutimesSync(path, stats.atime, stats.mtime);
      return;
    }
    if (!stats.isFile()) return;
    const mode = this.#manner.mode?.(stats.mode & 0o7777, false) ?? stats.mode & 0o7777;
    const same = owner.uid === stats.uid && owner.gid === stats.gid && mode === (stats.mode & 0o7777);
    if (tree.immutable && same && linked(node.realPath, path)) return;
    copyFileSync(node.realPath, path, constants.COPYFILE_FICLONE);
    chownSync(path, owner.uid, owner.gid);
    chmodSync(path, mode);
    utimesSync(path, stats.atime, stats.mtime);
  }

  #ownerOf(stats: Stats): { uid: number; gid: number } {
    return this.#manner.owner ?? (this.#manner.keepOwner ? { uid: stats.uid, gid: stats.gid } : { uid: 0, gid: 0 });
  }

  /** The directory's path in the new layer; made with its parents where it is not there yet. */
  directory(destination: string, like?: Stats): { path: string; isNew: boolean } {
    const known = this.#made.get(destination);
    if (known) return { path: known, isNew: false };
    const located = this.#target.view.locate(destination);
    const path = join(this.#target.upper, located.path);
    if (located.entry?.kind === 'other') throw new Error(`cannot copy to ${destination}: it is not a directory`);
    const isNew = located.entry === undefined;
    if (located.path !== '/') {
      this.directory(posix.dirname(located.path));
      const present = lstatSync(path, { throwIfNoEntry: false });
      if (!present) {
        mkdirSync(path, { mode: 0o755 });
        this.#dress(path, located.entry?.stats, like);
      }
    }
    this.#made.set(destination, path);
    return { path, isNew };
  }

  #dress(path: string, below: Stats | undefined, like: Stats | undefined): void {
    if (below) {
      chownSync(path, below.uid, below.gid);
      chmodSync(path, below.mode & 0o7777);
      utimesSync(path, below.atime, below.mtime);
      return;
    }
    const owner = like ? this.#ownerOf(like) : (this.#manner.owner ?? { uid: 0, gid: 0 });
    chownSync(path, owner.uid, owner.gid);
    const mode = like ? like.mode & 0o7777 : 0o755;
    chmodSync(path, like ? (this.#manner.mode?.(mode, true) ?? mode) : mode);
  }
}

/** A second name for a file that never changes costs nothing; false where the file system cannot. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (['EXDEV', 'EMLINK', 'EPERM'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}
