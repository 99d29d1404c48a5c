import { mkdir } from 'node:fs/promises';
import { run } from '../../../base/index.ts';
import type { Image } from '../../images/index.ts';
import { isMountPoint } from './mount-table.ts';
import { VolumeError } from './payload.ts';

/** An image's files as a read-only directory. */
export async function setUpImageVolume(path: string, image: Image): Promise<string> {
  const [only, ...more] = image.layerDirectories;
  if (!only) throw new VolumeError('the image has no layers');
  if (more.length === 0) return only;
  await mkdir(path, { recursive: true });
  if (!(await isMountPoint(path))) {
    const lower = [...image.layerDirectories].reverse().join(':');
    await run('mount', ['-t', 'overlay', 'overlay', '-o', `ro,lowerdir=${lower}`, path]);
  }
  return path;
}
