import { lutimes, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Library } from './library.ts';
import { takeLock } from './lock.ts';
import { LIMITS } from './settings.ts';

/**
 * Removes images without a name, and the blobs and layers that no image, no build step and no running container
 * needs. Does nothing while another pull or build is under way: the next removal will do it then.
 */
export async function collectGarbage(library: Library): Promise<void> {
  const release = await takeLock(library.lockPath('work'), { wait: false });
  if (!release) return;
  try {
    const named = new Set((await library.names.list()).map(({ record }) => record.manifest));
    const blobs = new Set<string>();
    const layers = new Set<string>(await stepLayers(library));
    for (const { record } of await library.images.list()) {
      if (!named.has(record.manifest)) {
        await library.images.remove(record.manifest);
        continue;
      }
      const image = await library.stored(record.manifest);
      if (!image) continue;
      for (const digest of [record.manifest, record.index, image.configDigest]) if (digest) blobs.add(digest);
      for (const layer of image.manifest.layers) blobs.add(layer.digest);
      for (const layer of image.layers) layers.add(layer.diffId);
    }
    const mounted = await mountedPaths();
    for (const layer of await library.layers.list()) {
      if (!layers.has(layer.diffId) && !mounted.includes(shortPath(layer.directory)))
        await library.layers.remove(layer);
    }
    for (const { key, record } of await library.compressed.list()) {
      if (layers.has(key)) blobs.add(record.digest);
      else await library.compressed.remove(key);
    }
    for (const { digest } of await library.blobs.list()) if (!blobs.has(digest)) await library.blobs.remove(digest);
  } finally {
    release();
  }
}

/** Layers of remembered build steps; the oldest steps beyond the bound are forgotten. */
async function stepLayers(library: Library): Promise<string[]> {
  const directory = join(library.settings.directory, 'cache');
  const names = await readdir(directory).catch(() => []);
  const dated = await Promise.all(
    names.map(async (name) => ({
      name,
      time: (await stat(join(directory, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  dated.sort((a, b) => b.time - a.time);
  for (const { name } of dated.slice(LIMITS.cacheEntriesMax)) await library.cache.remove(decodeURIComponent(name));
  return (await library.cache.list()).map(({ record }) => record.diffId);
}

/** Every overlay mounted by any process in sight names its layers here. */
async function mountedPaths(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const tables = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')));
  const lines = new Set(tables.flatMap((table) => table.split('\n')).filter((line) => line.includes(' - overlay ')));
  return [...lines].join('\n');
}

function shortPath(directory: string): string {
  return directory.slice(directory.lastIndexOf('/l/') + 1);
}

/** Marks a build step as used just now. */
export async function touchStep(library: Library, key: string): Promise<void> {
  const now = new Date(library.settings.clock.now());
  await lutimes(join(library.settings.directory, 'cache', key), now, now).catch(() => {});
}
