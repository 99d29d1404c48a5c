import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/index.ts';
import type { Edit, Finding } from './contract.ts';

export interface Fixed {
  /** Files that were changed, relative to the folder. */
  readonly files: readonly string[];
  /** What was mended. */
  readonly findings: readonly Finding[];
  /** What was not, because the file changed meanwhile or two changes touch one place. */
  readonly left: readonly Finding[];
}

/**
 * Makes the changes that findings bring along. A finding is mended wholly or not at all; of two that touch the same
 * place the first is mended, and a second run sees to the other.
 * @param directory full path of the folder that was audited
 */
export function applyFixes(directory: string, findings: readonly Finding[]): Fixed {
  const texts = new Map<string, string>();
  const read = (path: string): string => {
    const known = texts.get(path);
    if (known !== undefined) return known;
    const text = textOf(join(directory, path));
    texts.set(path, text);
    return text;
  };
  const chosen: Edit[] = [];
  const mended: Finding[] = [];
  const left: Finding[] = [];
  for (const finding of findings) {
    if (!finding.edits) continue;
    const fits = finding.edits.every(
      (edit) =>
        read(edit.path).startsWith(edit.remove, edit.at) &&
        edit.at <= read(edit.path).length &&
        !chosen.some((other) => other.path === edit.path && overlap(other, edit)),
    );
    if (!fits) {
      left.push(finding);
      continue;
    }
    // Two findings may ask for the same line; it is written once.
    chosen.push(...finding.edits.filter((edit) => !chosen.some((other) => same(other, edit))));
    mended.push(finding);
  }
  const files = [...new Set(chosen.map(({ path }) => path))];
  for (const path of files) {
    let text = read(path);
    const ofFile = chosen.filter((edit) => edit.path === path);
    // From the end, so that offsets stay true; of two at one place the later one goes behind.
    ofFile.sort((a, b) => b.at - a.at || chosen.indexOf(b) - chosen.indexOf(a));
    for (const { at, remove, insert } of ofFile) text = text.slice(0, at) + insert + text.slice(at + remove.length);
    writeFileSync(join(directory, path), text);
  }
  return { files, findings: mended, left };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

const same = (a: Edit, b: Edit): boolean =>
  a.path === b.path && a.at === b.at && a.remove === b.remove && a.insert === b.insert;

function overlap(a: Edit, b: Edit): boolean {
  if (same(a, b) || (a.remove === '' && b.remove === '')) return false;
  return a.at < b.at + Math.max(1, b.remove.length) && b.at < a.at + Math.max(1, a.remove.length);
}
