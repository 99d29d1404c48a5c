import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { kustomizationIn, takenUp } from './kustomization.ts';
import { isMap } from './subjects.ts';

const FILES_MAX = 5_000;
const FOLDERS_MAX = 200;

/** A copy of a kustomization with everything it takes up, in which files that are missing have something in them. */
export interface Completed {
  /** The kustomization's folder within the copy. */
  readonly folder: string;
  /** Where the copy begins, and what it is a copy of. */
  readonly copy: string;
  readonly original: string;
  /** Paths of the files that were missing, as they would stand in the original. */
  readonly missing: readonly string[];
}

/**
 * Files of secrets are not in a fresh checkout, and rightly so. What the rest says can be checked without them: the copy has
 * their examples in their place. Undefined when nothing is missing.
 */
export async function completedCopy(folder: string, working: string): Promise<Completed | undefined> {
  const folders = await foldersOf(folder);
  const missing = new Set<string>();
  for (const one of folders) for (const path of await generatorFiles(one)) if (!existsSync(path)) missing.add(path);
  if (missing.size === 0) return undefined;
  const original = commonOf(folders.map((one) => realpathSync(one)));
  if (countBelow(original) > FILES_MAX) return undefined;
  const copy = join(working, 'copy');
  cpSync(original, copy, { recursive: true });
  for (const path of missing) {
    const target = join(copy, relative(original, join(realpathSync(resolve(folder)), relative(folder, path))));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, exampleOf(path));
  }
  return { folder: join(copy, relative(original, realpathSync(folder))), copy, original, missing: [...missing] };
}

async function foldersOf(folder: string): Promise<string[]> {
  const found = new Set<string>();
  const open = [folder];
  for (let next = open.pop(); next !== undefined && found.size < FOLDERS_MAX; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const kustomization = await kustomizationIn(next);
    if (kustomization) open.push(...takenUp(kustomization, next).folders);
  }
  return [...found];
}

/** Files that the generators of a kustomization read. */
async function generatorFiles(folder: string): Promise<string[]> {
  const kustomization = await kustomizationIn(folder);
  const generators = ['secretGenerator', 'configMapGenerator'].flatMap((field) => {
    const list = kustomization?.fields[field];
    return Array.isArray(list) ? list.filter(isMap) : [];
  });
  return generators.flatMap(({ env, envs, files }) =>
    [env, ...listOf(envs), ...listOf(files)]
      .filter((name): name is string => typeof name === 'string')
      .map((name) => join(folder, name.replace(/^[^=/]*=/, ''))),
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The lines of the example beside it; a key without a value is one all the same. */
function exampleOf(path: string): string {
  const example = ['.example', '.sample', '.template', '.dist'].map((ending) => path + ending).find(existsSync);
  return example === undefined ? '' : readFileSync(example, 'utf8');
}

function commonOf(folders: readonly string[]): string {
  const [first = sep, ...others] = folders;
  let common = first;
  while (!others.every((one) => one === common || one.startsWith(common + sep)) && common !== dirname(common))
    common = dirname(common);
  return common;
}

function countBelow(folder: string): number {
  let count = 0;
  const open = [folder];
  for (let next = open.pop(); next !== undefined && count <= FILES_MAX; next = open.pop())
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      count++;
      if (entry.isDirectory()) open.push(join(next, entry.name));
    }
  return count;
}
