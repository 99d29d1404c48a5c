import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../base/index.ts';
import { checkPaths, type Payload, type PayloadFile } from './payload.ts';

const DATA = '..data';
const NEXT_DATA = '..data_tmp';

/**
 * Writes a payload below `directory` so that a reader sees all of the old or all of the new: the files lie in a directory
 * of their own, `..data` points at it and is swapped by one rename, the visible names point through `..data` (the layout of
 * upstream's AtomicWriter, that applications watch for). `groupId`: fsGroup. Answers whether anything changed.
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  groupId: number | undefined,
): Promise<boolean> {
  checkPaths(payload);
  const current = await readlink(join(directory, DATA)).catch(() => undefined);
  if (current !== undefined && (await holds(join(directory, current), payload, groupId))) return false;

  const fresh = `..${stamp()}`;
  const freshPath = join(directory, fresh);
  await mkdir(freshPath, { mode: 0o755 });
  await chmod(freshPath, 0o755);
  if (groupId !== undefined) {
    await chown(freshPath, 0, groupId);
    await chmod(freshPath, 0o2775);
  }
  for (const [path, file] of payload) await writePayloadFile(freshPath, path, file, groupId);

  await rm(join(directory, NEXT_DATA), { force: true });
  await symlink(fresh, join(directory, NEXT_DATA));
  await rename(join(directory, NEXT_DATA), join(directory, DATA));
  await linkVisibleNames(directory, payload);
  if (current !== undefined) await rm(join(directory, current), { recursive: true, force: true });
  return true;
}

async function writePayloadFile(
  root: string,
  path: string,
  file: PayloadFile,
  groupId: number | undefined,
): Promise<void> {
  const full = join(root, path);
  if (path.includes('/')) await mkdir(dirname(full), { recursive: true, mode: 0o755 });
  const mode = fileMode(file, groupId);
  await writeFile(full, file.content, { mode });
  if (file.uid !== undefined || groupId !== undefined) await chown(full, file.uid ?? 0, groupId ?? 0);
  // The mode given to open is cut by the process's umask.
  await chmod(full, mode);
}

/** With an fsGroup the group may read whatever its owner may (upstream's SetVolumeOwnership). */
function fileMode(file: PayloadFile, groupId: number | undefined): number {
  return groupId === undefined ? file.mode : file.mode | 0o440;
}

async function holds(root: string, payload: Payload, groupId: number | undefined): Promise<boolean> {
  try {
    const found = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    if (found.length !== payload.size) return false;
    for (const [path, file] of payload) {
      const full = join(root, path);
      if (((await stat(full)).mode & 0o7777) !== fileMode(file, groupId)) return false;
      if (!(await readFile(full)).equals(file.content)) return false;
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function linkVisibleNames(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  const present = new Set((await readdir(directory)).filter((name) => !name.startsWith('..')));
  for (const name of wanted) if (!present.has(name)) await symlink(join(DATA, name), join(directory, name));
  for (const name of present) if (!wanted.has(name)) await rm(join(directory, name), { force: true });
}

/** Names only have to differ; upstream's are dates as well. */
function stamp(): string {
  return `${randomBytes(6).toString('hex')}.${process.hrtime.bigint()}`;
}
