import { posix } from 'node:path';
import type { Facts, Language } from '../project/index.ts';
import type { DevelopmentWay } from './contract.ts';
import { copiedFolders } from './copied-folders.ts';

/** Languages whose sources are what runs; `true`: read once, when the app starts. */
const INTERPRETED: Readonly<Partial<Record<Language, boolean>>> = {
  node: true,
  python: true,
  ruby: true,
  php: false,
  static: false,
};
/** Files that wherry reads itself, or that decide how the image is made. */
const DECIDING = ['Dockerfile', 'Containerfile', '.dockerignore', 'wherry.yaml', 'Procfile', '.wherry.yaml'];

/**
 * How saved files of an app come to be served: put into the running container where its Dockerfile only copies them
 * there, else by another image. `build` is run in the container, for an image that was made without it.
 */
export async function developmentWay(
  facts: Pick<Facts, 'language' | 'manifestFiles'>,
  dockerfile: string,
  choice: { readonly build?: string | undefined; readonly target?: string | undefined } = {},
): Promise<DevelopmentWay> {
  const language = facts.language?.value;
  const restart = language && INTERPRETED[language];
  if (restart === undefined) {
    return { is: 'rebuild', why: language ? `${language} is compiled` : 'its language is not known' };
  }
  const copied = await copiedFolders(dockerfile, choice.target);
  const [first, ...others] = copied.folders;
  if (!first) return { is: 'rebuild', why: copied.why ?? 'its Dockerfile copies no sources into the last stage' };
  if (copied.shell === false) return { is: 'rebuild', why: `its image (${copied.base}) has no shell` };
  const root = others.reduce((common, { to }) => commonFolder(common, to), folderOf(first.to));
  if (root === '/') return { is: 'rebuild', why: 'its sources lie in several folders of the image' };
  const rebuild = [...new Set([...DECIDING, ...facts.manifestFiles, ...copied.rebuild])];
  return { is: 'sync', folders: copied.folders, root, restart, build: choice.build, rebuild };
}

/** Where a changed file goes in the container; undefined when only another image will do. */
export function destinationOf(way: DevelopmentWay & { is: 'sync' }, path: string): string | undefined {
  if (way.rebuild.some((pattern) => matches(pattern, path))) return undefined;
  const found = way.folders.findLast(({ from }) => from === '' || path === from || path.startsWith(`${from}/`));
  if (!found) return undefined;
  return path === found.from
    ? found.to
    : posix.join(found.to, path.slice(found.from === '' ? 0 : found.from.length + 1));
}

/** Patterns of COPY: `*` and `?` within one name; a folder stands for all below it. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/^\.\//, '')
    .replace(/\/+$/, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}(?:/|$)`).test(path);
}

function folderOf(to: string): string {
  return to.replace(/(.)\/+$/, '$1');
}

function commonFolder(one: string, other: string): string {
  const [a, b] = [one.split('/'), folderOf(other).split('/')];
  const same = a.findIndex((name, index) => name !== b[index]);
  return (same < 0 ? a : a.slice(0, same)).join('/') || '/';
}
