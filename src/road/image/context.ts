import { createHash, type Hash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { UserError } from '../../base/index.ts';

const FILES_MAX = 50_000;

/** What is sent to a build: the files that .dockerignore leaves, and a hash that changes when any of them does. */
export interface BuildContext {
  readonly directory: string;
  /** Relative paths, sorted. */
  readonly files: readonly string[];
  /** SHA-256 over the files' names, modes and contents and the Dockerfile, hex. */
  readonly hash: string;
}

/**
 * Reads a build context. `ignore` is the text of .dockerignore.
 * @throws UserError when more than 50 000 files are left.
 */
export function readContext(directory: string, ignore: string, dockerfile: string): BuildContext {
  const ignored = dockerignore.default().add(ignore);
  const hasExceptions = /^\s*!/m.test(ignore);
  const files: string[] = [];
  const links = new Set<string>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) {
        // An ignored folder may hold an exception (`!folder/file`), so it is passed over only when there are none.
        if (hasExceptions || !ignored.ignores(path)) walk(path);
      } else if ((entry.isFile() || entry.isSymbolicLink()) && !ignored.ignores(path)) {
        if (entry.isSymbolicLink()) links.add(path);
        if (files.push(path) > FILES_MAX) {
          throw new UserError(
            directory,
            `more than ${FILES_MAX} files to build from`,
            'Leave some out in .dockerignore.',
          );
        }
      }
    }
  };
  walk('');
  files.sort();
  const hash = createHash('sha256').update(dockerfile);
  for (const path of files) {
    const full = join(directory, path);
    hash.update(`\0${path}\0`);
    if (links.has(path)) hash.update(`link ${readlinkSync(full)}`);
    else hashFile(full, hash);
  }
  return { directory, files, hash: hash.digest('hex') };
}

const PIECE = Buffer.allocUnsafe(64 * 1024);

/** Mode and content by one opening: a large app has ten thousand files. */
function hashFile(path: string, hash: Hash): void {
  const file = openSync(path, 'r');
  try {
    hash.update(`${fstatSync(file).mode & 0o777}\0`);
    for (;;) {
      const count = readSync(file, PIECE);
      hash.update(count === PIECE.length ? PIECE : PIECE.subarray(0, count));
      if (count < PIECE.length) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Copies the context's files into an empty folder, with their modes. */
export function copyContext(context: BuildContext, target: string): void {
  for (const path of context.files) {
    const from = join(context.directory, path);
    const to = join(target, path);
    mkdirSync(dirname(to), { recursive: true });
    const link = linkOf(from);
    if (link !== undefined) symlinkSync(link, to);
    else {
      copyFileSync(from, to);
      chmodSync(to, statSync(from).mode & 0o777);
    }
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
