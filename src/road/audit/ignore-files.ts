import type { Folder } from '../project/index.ts';
import type { Edit } from './contract.ts';

/** Whether a .gitignore or .dockerignore leaves out a file of the folder; the last line that fits decides. */
export function ignores(text: string | undefined, path: string): boolean {
  let ignored = false;
  for (const raw of (text ?? '').split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const negated = line.startsWith('!');
    if (fits(negated ? line.slice(1) : line, path)) ignored = !negated;
  }
  return ignored;
}

/** Whether git leaves a file out: by the .gitignore of its folder or of one above it. */
export function isIgnored(folder: Folder, path: string): boolean {
  const parts = path.split('/');
  let ignored = false;
  for (let depth = 0; depth < parts.length; depth++) {
    const text = folder.read([...parts.slice(0, depth), '.gitignore'].join('/'));
    if (text !== undefined && ignores(text, parts.slice(depth).join('/'))) ignored = true;
  }
  return ignored;
}

function fits(pattern: string, path: string): boolean {
  const anchored = pattern.replace(/^\//, '').replace(/\/$/, '');
  const glob = anchored
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?/g, '\u0000')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replaceAll('\u0000', '(?:.*/)?');
  const free = anchored.includes('/') || pattern.startsWith('/') ? '' : '(?:.*/)?';
  return new RegExp(`^${free}${glob}(?:/.*)?$`).test(path);
}

/** The edit that adds a line to the end of a file, which need not be there yet. */
export function appendLine(folder: Folder, path: string, line: string): Edit {
  const text = folder.read(path) ?? '';
  return { path, at: text.length, remove: '', insert: `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n` };
}
