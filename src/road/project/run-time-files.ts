import type { Fact } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** Folders by these names hold what a program is tested with or described by. */
const NEVER = /^(?:\.|test|tests|testdata|docs?|README|LICENSE|Makefile|Dockerfile)/i;

/**
 * Files and folders that a compiled program reads while it runs, told by string literals that name one (`templates/*`,
 * `./static`): its sources stay behind, these must not.
 */
export function runTimeFiles(folder: Folder, sources: readonly Source[], code: RegExp): Fact<string>[] {
  const folders = new Set<string>();
  for (const path of folder.paths) {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length++) folders.add(parts.slice(0, length).join('/'));
  }
  const found = new Map<string, Fact<string>>();
  for (const { path, text } of sources) {
    for (const match of text.matchAll(/["`](?:file:\/\/)?(?:\.\/)?([A-Za-z0-9_][\w./*-]*)["`]/g)) {
      const named = (match[1] ?? '').replace(/\/?\*.*$/, '').replace(/\/+$/, '');
      const file = folder.has(named) && !code.test(named);
      const holds = folders.has(named) && folder.paths.some((each) => each.startsWith(`${named}/`) && !code.test(each));
      if (named === '' || NEVER.test(named) || !(file || holds) || found.has(named)) continue;
      found.set(named, { value: named, source: placeOf(path, text, match.index) });
    }
  }
  const all = [...found.values()];
  // A folder brings what is below it.
  return all.filter(({ value }) => !all.some((other) => value.startsWith(`${other.value}/`)));
}
