import { spawn } from 'node:child_process';
import { lstat, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { run } from '../../base/index.ts';
import { LIMITS } from './settings.ts';

/** The names that stand for a removed file and for a directory that hides those below (image-spec, layer.md). */
export const WHITEOUT = '.wh.';
export const OPAQUE = '.wh..wh..opq';
export const OPAQUE_ATTRIBUTE = 'trusted.overlay.opaque';

/** What an unpacked layer hides of the layers below it; paths without a leading slash. */
export interface Hidden {
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
}

/** Reads from a directory written by overlayfs what it hides. */
export async function hiddenBy(directory: string): Promise<Hidden> {
  const [devices, opaque] = await Promise.all([characterDevices(directory), opaqueDirectories(directory)]);
  return { whiteouts: devices, opaque };
}

async function characterDevices(directory: string): Promise<string[]> {
  const found = await run('find', ['.', '-type', 'c', '-print0'], {
    cwd: directory,
    timeoutMs: LIMITS.programTimeoutMs,
    outputBytesMax: 64 * 1024 * 1024,
  });
  const paths = found.stdout
    .split('\0')
    .filter(Boolean)
    .map((path) => path.slice(2));
  const whiteouts: string[] = [];
  for (const path of paths) {
    if ((await lstat(join(directory, path))).rdev === 0) whiteouts.push(path);
  }
  return whiteouts.sort();
}

/** Extended attributes are out of Node's reach, so tar reads them: an archive of the directories alone, headers only. */
async function opaqueDirectories(directory: string): Promise<string[]> {
  const { extract } = await import('tar-stream');
  const found = spawn('find', ['.', '-mindepth', '1', '-type', 'd', '-print0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const tar = spawn(
    'tar',
    ['--create', '--no-recursion', '--xattrs', `--xattrs-include=${OPAQUE_ATTRIBUTE}`, '--null', '--files-from=-'],
    { cwd: directory, stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = exitOf(tar, 'tar');
  ended.catch(() => {});
  tar.stdin.on('error', () => {});
  found.stdout.pipe(tar.stdin);
  const opaque: string[] = [];
  const reader = extract();
  tar.stdout.pipe(reader);
  for await (const entry of reader) {
    const { header } = entry;
    if (attributes(header.pax)[`SCHILY.xattr.${OPAQUE_ATTRIBUTE}`] === 'y') {
      opaque.push(header.name.replace(/^\.\//, '').replace(/\/$/, ''));
    }
    entry.resume();
  }
  await ended;
  return opaque.sort();
}

function attributes(pax: unknown): Record<string, unknown> {
  return typeof pax === 'object' && pax !== null ? { ...pax } : {};
}

function exitOf(child: ReturnType<typeof spawn>, name: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < 2_000) said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${name}: ${said.trim() || `exit code ${code}`}`)),
    );
  });
}

/**
 * The layer as an uncompressed OCI archive. The bytes depend only on the files, so the digest taken when the layer was
 * made holds when the layer is pushed a week later. `scratch` is an empty directory for the whiteout markers.
 */
export async function packLayer(
  directory: string,
  hidden: Hidden,
  scratch: string,
): Promise<{ stream: Readable; ended: Promise<void> }> {
  const markers = [
    ...hidden.opaque.map((path) => `${path}/${OPAQUE}`),
    ...hidden.whiteouts.map((path) => join(dirname(path), WHITEOUT + path.slice(path.lastIndexOf('/') + 1))),
  ].sort();
  const markersDirectory = join(scratch, 'markers');
  for (const marker of markers) {
    await mkdir(dirname(join(markersDirectory, marker)), { recursive: true });
    await writeFile(join(markersDirectory, marker), '', { mode: 0o644 });
    await utimes(join(markersDirectory, marker), 0, 0);
  }
  await mkdir(scratch, { recursive: true });
  await writeFile(join(scratch, 'marker-list'), markers.map((path) => `${path}\0`).join(''));
  await writeFile(join(scratch, 'hidden-list'), hidden.whiteouts.map((path) => `${path}\0`).join(''));
  const names = (await readdir(directory)).sort().filter((name) => !hidden.whiteouts.includes(name));
  await writeFile(join(scratch, 'name-list'), names.map((name) => `${name}\0`).join(''));
  const format = ['--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime'];
  const lists = [
    // Markers first, as the specification recommends.
    ...(markers.length > 0 ? ['--no-recursion', '-C', markersDirectory, `--files-from=${scratch}/marker-list`] : []),
    '--recursion',
    '--anchored',
    '--no-wildcards',
    ...(hidden.whiteouts.length > 0 ? [`--exclude-from=${scratch}/hidden-list`] : []),
    '-C',
    directory,
    `--files-from=${scratch}/name-list`,
  ];
  const tar = spawn(
    'tar',
    [
      '--create',
      ...format,
      '--sort=name',
      '--numeric-owner',
      '--xattrs',
      '--xattrs-exclude=trusted.*',
      '--null',
      '--verbatim-files-from',
      ...lists,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } },
  );
  const ended = exitOf(tar, 'tar');
  ended.catch(() => {});
  return { stream: tar.stdout, ended };
}

/** Unpacks an uncompressed archive into an empty directory; write to `input`, then wait for `ended`. */
export function unpackArchive(directory: string): { input: Writable; ended: Promise<void> } {
  const options = [
    '--same-permissions',
    '--same-owner',
    '--numeric-owner',
    '--xattrs',
    '--xattrs-include=*',
    '--xattrs-exclude=trusted.*',
  ];
  const tar = spawn(
    'tar',
    [
      '--extract',
      '--file=-',
      '-C',
      directory,
      ...options,
      '--delay-directory-restore',
      '--no-overwrite-dir',
      '--warning=no-unknown-keyword',
    ],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  const ended = exitOf(tar, 'tar');
  ended.catch(() => {});
  return { input: tar.stdin, ended };
}

/** Turns the whiteout files of an unpacked archive into overlayfs' own marks. */
export async function applyMarkers(directory: string): Promise<Hidden> {
  const found = await run('find', ['.', '-name', `${WHITEOUT}*`, '-print0'], {
    cwd: directory,
    timeoutMs: LIMITS.programTimeoutMs,
    outputBytesMax: 64 * 1024 * 1024,
  });
  const whiteouts: string[] = [];
  const opaque: string[] = [];
  for (const marker of found.stdout.split('\0').filter(Boolean)) {
    const path = marker.slice(2);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const parent = path.slice(0, Math.max(0, path.length - name.length - 1));
    await rm(join(directory, path), { recursive: true, force: true });
    if (name === OPAQUE) opaque.push(parent);
    // Other names with two prefixes were AUFS' own bookkeeping and mean nothing here.
    else if (!name.startsWith(`${WHITEOUT}${WHITEOUT}`)) whiteouts.push(join(parent, name.slice(WHITEOUT.length)));
  }
  await mark(directory, { whiteouts, opaque });
  return { whiteouts: whiteouts.sort(), opaque: opaque.filter(Boolean).sort() };
}

/** Writes devices 0/0 and the opaque attribute; both through tar, the one program at hand that can do both. */
async function mark(directory: string, hidden: Hidden): Promise<void> {
  if (hidden.whiteouts.length === 0 && hidden.opaque.length === 0) return;
  const { pack } = await import('tar-stream');
  const archive = pack();
  const tar = spawn(
    'tar',
    [
      '--extract',
      '--file=-',
      '-C',
      directory,
      '--same-owner',
      '--same-permissions',
      '--numeric-owner',
      '--xattrs',
      `--xattrs-include=${OPAQUE_ATTRIBUTE}`,
      '--overwrite',
    ],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  const ended = exitOf(tar, 'tar');
  ended.catch(() => {});
  tar.stdin.on('error', () => {});
  archive.pipe(tar.stdin);
  for (const path of hidden.whiteouts) {
    // A file and its whiteout in one layer: the file is what the layer leaves behind.
    if (await lstat(join(directory, path)).catch(() => undefined)) continue;
    archive.entry({ name: path, type: 'character-device', devmajor: 0, devminor: 0, mode: 0, uid: 0, gid: 0 });
  }
  for (const path of hidden.opaque) {
    const at = await lstat(join(directory, path));
    archive.entry({
      name: path ? `${path}/` : './',
      type: 'directory',
      mode: at.mode & 0o7777,
      uid: at.uid,
      gid: at.gid,
      mtime: at.mtime,
      pax: { [`SCHILY.xattr.${OPAQUE_ATTRIBUTE}`]: 'y' },
    });
  }
  archive.finalize();
  await ended;
}
