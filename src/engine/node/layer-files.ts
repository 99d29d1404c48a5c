import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/index.ts';

const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Reads a small file of an image through its layers, lowest first, as overlayfs would show it; undefined when there is
 * none. A character device 0/0 is overlayfs's mark for a file removed by that layer.
 */
export async function readLayerFile(layers: readonly string[], path: string): Promise<string | undefined> {
  for (const layer of [...layers].reverse()) {
    const full = join(layer, path);
    try {
      const found = await lstat(full);
      if (found.isCharacterDevice()) return undefined;
      if (found.isSymbolicLink()) {
        const target = await readlink(full);
        return target.startsWith('/') ? readLayerFile(layers, target) : undefined;
      }
      return found.isFile() && found.size <= FILE_BYTES_MAX ? await readFile(full, 'utf8') : undefined;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    }
  }
  return undefined;
}
