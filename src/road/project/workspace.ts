import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import { type Folder, lineOf, openFolder } from './folder.ts';
import { isObject, type NodeManifest, readNodeManifest } from './node-manifest.ts';

const LEVELS_MAX = 8;

/** A package of a workspace. */
export interface Member {
  /** Relative to the workspace's folder: `packages/db`. */
  readonly path: string;
  readonly manifest: NodeManifest;
}

/** A folder of several Node.js packages that are installed together. */
export interface Workspace {
  readonly folder: Folder;
  readonly manifest: NodeManifest;
  /** Where the members are named: `package.json:4`, relative to the workspace's folder. */
  readonly source: string;
  readonly members: readonly Member[];
}

/** The workspace that this folder is the top of; undefined when it is none. */
export function workspaceOf(folder: Folder): Workspace | undefined {
  const named = memberPatterns(folder);
  if (!named || !folder.has('package.json')) return undefined;
  const members = folder.paths.flatMap((path) => {
    if (!path.endsWith('/package.json')) return [];
    const member = path.slice(0, -'/package.json'.length);
    return fits(member, named.patterns) ? [{ path: member, manifest: readNodeManifest(folder, path) }] : [];
  });
  return { folder, manifest: readNodeManifest(folder), source: named.source, members };
}

/** The workspace that a folder is a member of, found by going up as far as the repository reaches. */
export function workspaceAbove(directory: string): { workspace: Workspace; path: string } | undefined {
  let above = directory;
  for (let level = 0; level < LEVELS_MAX; level++) {
    if (existsSync(join(above, '.git'))) return undefined;
    const next = dirname(above);
    if (next === above) return undefined;
    above = next;
    if (!['package.json', 'pnpm-workspace.yaml'].some((name) => existsSync(join(above, name)))) continue;
    const workspace = workspaceOf(openFolder(above));
    const path = relative(above, directory);
    if (workspace?.members.some((member) => member.path === path)) return { workspace, path };
  }
  return undefined;
}

/** The members that a member needs, itself last, so that each stands after those it needs. */
export function neededMembers(workspace: Workspace, path: string): Member[] {
  const byName = new Map(workspace.members.map((member) => [String(member.manifest.fields.name), member]));
  const ordered: Member[] = [];
  const visiting = new Set<string>();
  const visit = (member: Member): void => {
    if (visiting.has(member.path)) return;
    visiting.add(member.path);
    const { dependencies, developmentDependencies } = member.manifest;
    for (const name of Object.keys({ ...dependencies, ...developmentDependencies })) {
      const needed = byName.get(name);
      if (needed) visit(needed);
    }
    ordered.push(member);
  };
  const start = workspace.members.find((member) => member.path === path);
  if (start) visit(start);
  return ordered;
}

function memberPatterns(folder: Folder): { patterns: readonly string[]; source: string } | undefined {
  const pnpm = folder.read('pnpm-workspace.yaml');
  if (pnpm !== undefined) {
    const document: unknown = parse(pnpm);
    const patterns = isObject(document) ? texts(document.packages) : [];
    if (patterns.length > 0) {
      return { patterns, source: `pnpm-workspace.yaml:${lineOf(pnpm, pnpm.indexOf('packages:') + 1)}` };
    }
  }
  if (!folder.has('package.json')) return undefined;
  const manifest = readNodeManifest(folder);
  const { workspaces } = manifest.fields;
  const own = texts(isObject(workspaces) ? workspaces.packages : workspaces);
  if (own.length > 0) return { patterns: own, source: manifest.at('workspaces') };
  const lerna = folder.read('lerna.json');
  if (lerna === undefined) return undefined;
  const named = /"packages"\s*:\s*\[([^\]]*)\]/.exec(lerna);
  const patterns = [...(named?.[1] ?? '"packages/*"').matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  return { patterns, source: `lerna.json:${lineOf(lerna, named?.index ?? 0)}` };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Globs as the package managers know them: `apps/*`, `packages/**`, `!packages/old`. */
function fits(path: string, patterns: readonly string[]): boolean {
  const matches = (glob: string): boolean => {
    const source = glob
      .replace(/^\.\//, '')
      .replace(/\/+$/, '')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*\*\/?|\*/g, (star) => (star === '*' ? '[^/]+' : '.*'));
    return new RegExp(`^${source}$`).test(path);
  };
  return (
    patterns.some((glob) => !glob.startsWith('!') && matches(glob)) &&
    !patterns.some((glob) => glob.startsWith('!') && matches(glob.slice(1)))
  );
}
