import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assert, codeOf } from '../../base/index.ts';
import type { Build } from './build-types.ts';
import type { IgnoreRules } from './source-tree.ts';

const known = new WeakMap<Build, Promise<IgnoreRules | undefined>>();

/** What the build context leaves out: `NAME.dockerignore` beside the Dockerfile before `.dockerignore`. */
export function contextRules(build: Build): Promise<IgnoreRules | undefined> {
  let rules = known.get(build);
  if (!rules) {
    rules = readRules(build);
    known.set(build, rules);
  }
  return rules;
}

async function readRules(build: Build): Promise<IgnoreRules | undefined> {
  const { contextDirectory, dockerfile } = build.options;
  const own =
    dockerfile && 'text' in dockerfile
      ? undefined
      : `${resolve(contextDirectory, dockerfile?.path ?? 'Dockerfile')}.dockerignore`;
  for (const path of [own, join(contextDirectory, '.dockerignore')]) {
    if (!path) continue;
    try {
      return await parseIgnore(await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

export async function parseIgnore(text: string): Promise<IgnoreRules> {
  // Its types describe another module format than the one it is published in.
  const { default: make }: { default: unknown } = await import('@balena/dockerignore');
  assert(typeof make === 'function', 'dockerignore exports a function');
  const rules: { ignores(path: string): boolean } = make().add(text);
  return {
    ignores: (path) => rules.ignores(path),
    hasExceptions: /^\s*!/m.test(text),
  };
}
