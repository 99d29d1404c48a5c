import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Entry, RootView } from './root-view.ts';

/** A file, directory or link that a COPY may take. */
export interface SourceNode {
  /** Below the tree's root, without a leading slash; empty: the root. */
  readonly path: string;
  readonly stats: Stats;
  /** On this machine's disk. */
  readonly realPath: string;
}

/** Where a COPY takes files from: the build context, a stage or an image, or files written in the Dockerfile. */
export interface SourceTree {
  /** For messages: `the build context`, `stage build`. */
  readonly label: string;
  /** Its files never change, so they may be linked instead of copied, and owners are kept. */
  readonly immutable: boolean;
  /** What stands there, links followed inside the tree. */
  find(path: string): SourceNode | undefined;
  /** Directly in a directory, sorted by name; links are not followed. */
  children(node: SourceNode): SourceNode[];
}

export interface IgnoreRules {
  ignores(path: string): boolean;
  /** Something below an ignored directory may still be wanted. */
  readonly hasExceptions: boolean;
}

const LINKS_MAX = 40;

/** The build context: a directory without what .dockerignore leaves out. */
export class ContextTree implements SourceTree {
  readonly label: string;
  readonly immutable: boolean;
  readonly #directory: string;
  readonly #rules: IgnoreRules | undefined;

  constructor(directory: string, rules?: IgnoreRules, label = 'the build context', immutable = false) {
    this.#directory = directory;
    this.#rules = rules;
    this.label = label;
    this.immutable = immutable;
  }

  find(path: string): SourceNode | undefined {
    let pending = posix.normalize(`/${path}`).split('/').filter(Boolean);
    let trail: string[] = [];
    for (let links = 0; links <= LINKS_MAX; ) {
      const name = pending.shift();
      if (name === undefined) break;
      if (name === '..') {
        trail.pop();
        continue;
      }
      const stats = lstatSync(join(this.#directory, ...trail, name), { throwIfNoEntry: false });
      if (!stats) return undefined;
      if (!stats.isSymbolicLink()) {
        trail.push(name);
        continue;
      }
      links += 1;
      const target = readlinkSync(join(this.#directory, ...trail, name));
      // An absolute link is taken as seen from the context, so that it cannot lead out of it.
      if (target.startsWith('/')) trail = [];
      pending = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...pending];
    }
    const relative = trail.join('/');
    const realPath = join(this.#directory, relative);
    const stats = lstatSync(realPath, { throwIfNoEntry: false });
    if (!stats) return undefined;
    if (relative !== '' && this.#rules?.ignores(relative) && !(stats.isDirectory() && this.#rules.hasExceptions)) {
      return undefined;
    }
    return { path: relative, stats, realPath };
  }

  children(node: SourceNode): SourceNode[] {
    const nodes: SourceNode[] = [];
    for (const name of readdirSync(node.realPath).sort()) {
      const path = node.path ? `${node.path}/${name}` : name;
      const realPath = join(node.realPath, name);
      const stats = lstatSync(realPath, { throwIfNoEntry: false });
      if (!stats) continue;
      const child = { path, stats, realPath };
      if (this.#rules?.ignores(path)) {
        if (!stats.isDirectory() || !this.#rules.hasExceptions || this.children(child).length === 0) continue;
      }
      nodes.push(child);
    }
    return nodes;
  }
}

/** The files of a stage or an image. */
export class LayerTree implements SourceTree {
  readonly label: string;
  readonly immutable = true;
  readonly #view: RootView;
  readonly #entries = new WeakMap<SourceNode, Entry>();

  constructor(view: RootView, label: string) {
    this.#view = view;
    this.label = label;
  }

  find(path: string): SourceNode | undefined {
    const { path: real, entry } = this.#view.locate(path);
    return entry && this.#node(real.slice(1), entry);
  }

  children(node: SourceNode): SourceNode[] {
    const entry = this.#entries.get(node);
    if (!entry) return [];
    return this.#view.names(entry).flatMap((name) => {
      const child = this.#view.child(entry, name);
      return child ? [this.#node(node.path ? `${node.path}/${name}` : name, child)] : [];
    });
  }

  #node(path: string, entry: Entry): SourceNode {
    const realPath = entry.kind === 'other' ? entry.path : (entry.directories[0]?.path ?? '');
    const node = { path, stats: entry.stats, realPath };
    this.#entries.set(node, entry);
    return node;
  }
}

/**
 * What a COPY source names: one path, or all that match a pattern (`*`, `?`, `[…]` inside a component as in Go's
 * filepath.Match, `**` for any number of components). A pattern that matches nothing gives nothing; a plain path that
 * is not there gives undefined.
 */
export function match(tree: SourceTree, source: string): SourceNode[] | undefined {
  const clean = posix.normalize(`/${source}`).slice(1).replace(/\/$/, '');
  if (!/[*?[]/.test(clean)) {
    const node = tree.find(clean);
    return node ? [node] : undefined;
  }
  const root = tree.find('');
  if (!root) return [];
  let found = [root];
  for (const part of clean.split('/')) {
    if (part === '**') {
      found = found.flatMap((node) => descend(tree, node));
      continue;
    }
    const expression = goPattern(part);
    found = found.flatMap((node) =>
      directoryChildren(tree, node).filter((child) =>
        expression.test(child.path.slice(child.path.lastIndexOf('/') + 1)),
      ),
    );
  }
  const unique = new Map(found.map((node) => [node.path, node]));
  return [...unique.values()].map((node) => (node.stats.isSymbolicLink() ? (tree.find(node.path) ?? node) : node));
}

function directoryChildren(tree: SourceTree, node: SourceNode): SourceNode[] {
  const real = node.stats.isSymbolicLink() ? tree.find(node.path) : node;
  return real?.stats.isDirectory() ? tree.children(real) : [];
}

function descend(tree: SourceTree, node: SourceNode): SourceNode[] {
  if (!node.stats.isDirectory()) return [];
  return [node, ...tree.children(node).flatMap((child) => descend(tree, child))];
}

/** One component of Go's filepath.Match. @throws Error on a malformed pattern */
export function goPattern(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '\\' && at + 1 < pattern.length) {
      at += 1;
      source += escaped(pattern[at] ?? '');
    } else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) throw new Error(`${JSON.stringify(pattern)}: syntax error in pattern`);
      const inside = pattern.slice(at + 1, end).replace(/[\][]/g, '\\$&');
      source += `[${inside}]`;
      at = end;
    } else source += escaped(character);
  }
  return new RegExp(`^${source}$`, 'u');
}

function escaped(character: string): string {
  return /[.*+?^${}()|[\]\\/]/.test(character) ? `\\${character}` : character;
}

/** A node and all below it, parents first. */
export function* walk(tree: SourceTree, node: SourceNode): Generator<SourceNode> {
  yield node;
  if (!node.stats.isDirectory()) return;
  for (const child of tree.children(node)) yield* walk(tree, child);
}

/** What makes two copies equal: names, kinds, permissions and contents; not the times. */
export async function contentHash(tree: SourceTree, node: SourceNode): Promise<string> {
  const hash = createHash('sha256');
  for (const each of walk(tree, node)) {
    const kind = each.stats.isDirectory() ? 'd' : each.stats.isSymbolicLink() ? 'l' : each.stats.isFile() ? 'f' : 'o';
    const relative = each.path.slice(node.path.length);
    hash.update(JSON.stringify([relative, kind, each.stats.mode & 0o7777]));
    if (kind === 'l') hash.update(readlinkSync(each.realPath));
    if (kind === 'f') hash.update(await fileHash(each));
  }
  return hash.digest('hex');
}

async function fileHash(node: SourceNode): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(node.realPath), hash);
  return hash.digest('hex');
}
