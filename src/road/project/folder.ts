import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, UserError } from '../../base/index.ts';

const FILES_MAX = 20_000;
const DEPTH_MAX = 12;
const SCANNED_FILE_BYTES_MAX = 1024 * 1024;
const PIECE = Buffer.allocUnsafe(64 * 1024);
const LEFT_OUT = new Set([
  'node_modules',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
  'venv',
  'env',
  '__pycache__',
  'vendor',
  'site-packages',
]);

/** The files of an app's folder. Paths are relative to it, with `/`. */
export interface Folder {
  readonly directory: string;
  /** Every file but those of packages, builds and hidden folders; nearest to the top first, then by name. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** The text of a file; undefined when there is none or it is too large to be source (1 MiB). */
  read(path: string): string | undefined;
}

/**
 * Opens an app's folder for reading.
 * @throws UserError when it does not exist, is not a folder, or holds more than 20 000 files.
 */
export function openFolder(directory: string): Folder {
  const root = resolve(directory);
  let isDirectory: boolean;
  try {
    isDirectory = statSync(root).isDirectory();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new UserError(directory, 'no such folder', "Name the app's folder: wherry up FOLDER", { cause: error });
  }
  if (!isDirectory) {
    throw new UserError(directory, 'not a folder', "Name the folder that holds the app's files, not one of them.");
  }
  // By depth: nearest to the top first is the order that everything below asks for.
  const levels: string[][] = [];
  let count = 0;
  const walk = (below: string, depth: number): void => {
    for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) {
        if (LEFT_OUT.has(entry.name) || entry.name.startsWith('.') || depth === DEPTH_MAX) continue;
        walk(path, depth + 1);
      } else if (entry.isFile()) {
        if (count++ === FILES_MAX) {
          throw new UserError(
            directory,
            `more than ${FILES_MAX} files`,
            "Name the app's own folder rather than one above it.",
          );
        }
        const level = levels[depth] ?? [];
        levels[depth] = level;
        level.push(path);
      }
    }
  };
  walk('', 0);
  const paths = levels.flatMap((level) => level.sort());
  const known = new Set(paths);
  const texts = new Map<string, string | undefined>();
  return {
    directory: root,
    paths,
    has: (path) => known.has(path),
    read(path) {
      if (!known.has(path)) return undefined;
      if (!texts.has(path)) {
        texts.set(path, textOf(`${root}/${path}`));
      }
      return texts.get(path);
    },
  };
}

/** Undefined when it is too large. Size and content by one opening: a large app has ten thousand files. */
function textOf(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > SCANNED_FILE_BYTES_MAX) return undefined;
    if (size > PIECE.length) return readFileSync(file, 'utf8');
    return PIECE.toString('utf8', 0, readSync(file, PIECE, 0, PIECE.length, 0));
  } finally {
    closeSync(file);
  }
}

/** The line that a position stands on, from 1. */
export function lineOf(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** `file:line` of a position. */
export function placeOf(path: string, text: string, index: number): string {
  return `${path}:${lineOf(text, index)}`;
}
