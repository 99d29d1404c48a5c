import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { codeOf } from '../../../base/index.ts';
import type { HostPathVolumeSource } from '../../kinds/index.ts';
import { VolumeError } from './payload.ts';

/** Checks or makes what a hostPath's type asks for, and answers its path. @throws VolumeError in upstream's words */
export async function setUpHostPath({ path, type = '' }: HostPathVolumeSource): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new VolumeError(`hostPath type check failed: ${path}: ${codeOf(error) ?? 'error'}`, { cause: error });
  });
  const check = (expected: string, holds: (found: Stats) => boolean) => {
    if (!found || !holds(found)) throw new VolumeError(`hostPath type check failed: ${path} is not a ${expected}`);
  };
  switch (type) {
    case 'DirectoryOrCreate':
      if (found) check('directory', (it) => it.isDirectory());
      else await mkdir(path, { recursive: true, mode: 0o755 });
      break;
    case 'FileOrCreate':
      if (found) check('file', (it) => it.isFile());
      else await (await open(path, 'a', 0o644)).close();
      break;
    case 'Directory':
      check('directory', (it) => it.isDirectory());
      break;
    case 'File':
      check('file', (it) => it.isFile());
      break;
    case 'Socket':
      check('socket file', (it) => it.isSocket());
      break;
    case 'CharDevice':
      check('character device', (it) => it.isCharacterDevice());
      break;
    case 'BlockDevice':
      check('block device', (it) => it.isBlockDevice());
      break;
    default:
      // Container runtimes make a missing source a directory.
      if (!found) await mkdir(path, { recursive: true, mode: 0o755 });
  }
  return path;
}
