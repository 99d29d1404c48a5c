import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import { type CodeFamily, maskCode } from './mask-code.ts';
import type { Source } from './written-addresses.ts';

/** Nobody writes longer files by hand: what is generated names no settings, and patterns over it would take seconds. */
const WRITTEN_LENGTH_MAX = 128 * 1024;
const BRACKETED_LENGTH_MAX = 20_000;

/** The files of an app's code, comments blanked out; those of more than 128 KiB are left out. */
export function sourceFiles(folder: Folder, pattern: RegExp, leftOut: RegExp, family: CodeFamily): Source[] {
  return folder.paths
    .filter((path) => pattern.test(path) && !leftOut.test(path))
    .map((path) => ({ path, text: folder.read(path) ?? '' }))
    .filter(({ text }) => text.length <= WRITTEN_LENGTH_MAX)
    .map(({ path, text }) => ({ path, text: maskCode(text, family) }));
}

/** The first match of a pattern's first group in a file, with its line. */
export function factIn(folder: Folder, path: string, pattern: RegExp): Fact<string> | undefined {
  const text = folder.read(path);
  const match = text === undefined ? undefined : pattern.exec(text);
  if (!text || !match?.[1]) return undefined;
  const at = match.index + match[0].indexOf(match[1]);
  return { value: match[1], source: `${path}:${lineOf(text, at)}` };
}

/** The first place in the code that a pattern fits: the text found, with its line. */
export function sourceFact(sources: readonly Source[], pattern: RegExp): Fact<string> | undefined {
  for (const { path, text } of sources) {
    const match = pattern.exec(text);
    if (match) return { value: match[0], source: `${path}:${lineOf(text, match.index)}` };
  }
  return undefined;
}

/** A version from `.tool-versions` (asdf, mise): `golang 1.22.3`. */
export function toolVersion(folder: Folder, tool: RegExp): Fact<string> | undefined {
  return factIn(folder, '.tool-versions', new RegExp(`^(?:${tool.source})\\s+(\\S+)`, 'm'));
}

/** Whether a path exists that is passed over when the folder is read: `vendor/modules.txt`. */
export function existsBelow(folder: Folder, path: string): boolean {
  return existsSync(join(folder.directory, path));
}

/** The text from an opening bracket to the one that closes it, both included, at most 20 000 characters; strings are passed over. */
export function bracketed(text: string, open: number): string {
  const closing: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };
  const first = text[open] ?? '';
  const last = closing[first];
  let depth = 0;
  const bound = Math.min(text.length, open + BRACKETED_LENGTH_MAX);
  for (let at = open; at < bound; at++) {
    const letter = text[at] ?? '';
    if (letter === '"' || letter === '`') {
      const end = endOfString(text, at, letter, bound);
      if (end === -1) break;
      at = end;
    } else if (letter === first) depth++;
    else if (letter === last && --depth === 0) return text.slice(open, at + 1);
  }
  return text.slice(open, bound);
}

function endOfString(text: string, start: number, quote: string, bound: number): number {
  for (let at = start + 1; at < bound; at++) {
    if (text[at] === '\\' && quote !== '`') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
