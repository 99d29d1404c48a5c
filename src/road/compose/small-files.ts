import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { textIfUtf8 } from './grants.ts';
import { SET_BYTES_MAX } from './sets.ts';

export interface SmallFile {
  /** From the folder on. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Some user may run it. */
  readonly executable: boolean;
}

/** A little is kept for names, and base64 makes a third more of a Secret. */
const BYTES_MAX = Math.floor((SET_BYTES_MAX * 3) / 4) - 8192;
const DEPTH_MAX = 8;

/** The files at or below a path; undefined when they are more than a ConfigMap takes, or cannot be read. */
export function filesBelow(path: string, filesMax: number): SmallFile[] | undefined {
  const files: SmallFile[] = [];
  let bytes = 0;
  const visit = (full: string, below: string, depth: number): boolean => {
    const facts = statSync(full);
    if (facts.isDirectory()) {
      if (depth >= DEPTH_MAX) return false;
      return readdirSync(full)
        .sort()
        .every((name) => visit(join(full, name), below === '' ? name : `${below}/${name}`, depth + 1));
    }
    // Sockets and pipes have no content that could be carried along.
    if (!facts.isFile()) return false;
    bytes += facts.size;
    if (bytes > BYTES_MAX || files.length >= filesMax) return false;
    files.push({ path: below, content: textIfUtf8(readFileSync(full)), executable: (facts.mode & 0o111) !== 0 });
    return true;
  };
  try {
    return visit(path, '', 0) ? files : undefined;
  } catch {
    return undefined;
  }
}
