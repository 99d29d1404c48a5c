import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import { type Image, type ImageStore, PullError, type PullOptions } from './contract.ts';
import { Library, type StoredImage } from './library.ts';
import { takeLock, withLock } from './lock.ts';
import { parseReference, registryPlace } from './reference.ts';
import { type ImageStoreOptions, settingsOf } from './settings.ts';

/** The store of this machine, with the parts that building and pushing need. */
export interface LocalImageStore extends ImageStore {
  readonly library: Library;
}

/** Opens the store below `directory`; nothing is read or written before it is used. */
export function openImageStore(options: ImageStoreOptions): LocalImageStore {
  const library = new Library(settingsOf(options));
  /** Registries that did not answer. They are not tried again while this process lives. */
  const outOfReach = new Map<string, string>();
  const underWay = new Map<string, Promise<Image>>();
  let swept: Promise<void> | undefined;

  const store: LocalImageStore = {
    library,

    async ensure(reference, pull) {
      const name = library.normalName(reference);
      const local = await library.find(reference);
      // What was built here under a name of no registry cannot be newer anywhere else.
      const ours = local?.record.builtHere === true && parseReference(reference).registry === undefined;
      if (local && (pull.policy !== 'Always' || ours)) return library.view(local);
      if (pull.policy === 'Never') {
        throw new PullError(
          'ErrImageNeverPull',
          `Container image "${reference}" is not present with pull policy of Never`,
        );
      }
      swept ??= sweep(library).catch((error: unknown) => {
        library.settings.log.warn('left-over files not swept', { error: messageOf(error) });
      });
      await swept;
      // One transfer for all who ask at once; credentials are part of the question.
      const key = `${name} ${pull.policy} ${pull.credentials ? 'with credentials' : ''}`;
      const running = pull.credentials ? undefined : underWay.get(key);
      if (running) return running;
      const work = library
        .working(pull.signal, () => fetch(reference, name, local, pull))
        .finally(() => underWay.delete(key));
      underWay.set(key, work);
      return work;
    },

    async get(reference) {
      const image = await library.find(reference);
      return image && library.view(image);
    },

    async list() {
      const names = await library.names.list();
      const images: Image[] = [];
      for (const { record } of await library.images.list()) {
        const image = await library.stored(record.manifest);
        if (!image) continue;
        const { viewOf } = await import('./library.ts');
        const own = names
          .filter((entry) => entry.record.manifest === record.manifest)
          .map((entry) => entry.record.name);
        images.push(viewOf(image, own.sort()));
      }
      return images.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    },

    async tag(reference, name) {
      const image = await library.find(reference);
      if (!image) throw new PullError('ErrImagePull', `tag ${reference}: no such image here`);
      const normal = library.normalName(name);
      await library.names.set(normal, { name: normal, manifest: image.manifestDigest });
    },

    async remove(reference) {
      const image = await library.find(reference);
      if (!image) return;
      if (reference.startsWith('sha256:')) {
        for (const { record } of await library.names.list()) {
          if (record.manifest === image.manifestDigest) await library.names.remove(record.name);
        }
      } else {
        await library.names.remove(library.normalName(reference));
      }
      const { collectGarbage } = await import('./garbage.ts');
      await collectGarbage(library);
    },

    async sizeBytes() {
      const [blobs, layers] = await Promise.all([library.blobs.list(), library.layers.list()]);
      const sum = (sizes: readonly { sizeBytes: number }[]) =>
        sizes.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
      return sum(blobs) + sum(layers);
    },
  };

  async function fetch(
    reference: string,
    name: string,
    local: StoredImage | undefined,
    pull: PullOptions,
  ): Promise<Image> {
    const { fetchOutside } = library.settings;
    if (fetchOutside) {
      await fetchOutside(reference, pull);
      const brought = await library.find(reference);
      if (brought) return library.view(brought);
      throw new PullError(
        'ErrImagePull',
        `failed to pull and unpack image "${name}": it was not brought into the store`,
      );
    }
    const parsed = parseReference(reference);
    const place = registryPlace(parsed, library.settings.registries().defaultRegistry);
    let unreachable = place ? outOfReach.get(place.registry) : 'no registry is set for names that give none';
    if (place && unreachable === undefined) {
      const { pullImage } = await import('./pull.ts');
      try {
        return await library.view(await pullImage(library, name, parsed, place, pull));
      } catch (error) {
        if (local?.record.builtHere && error instanceof PullError) return library.view(local);
        if (!(error instanceof PullError) || error.reason !== 'RegistryUnavailable') throw error;
        unreachable = messageOf(error);
        outOfReach.set(place.registry, unreachable);
      }
    }
    pull.signal?.throwIfAborted();
    if (local) return library.view(local);
    if (library.settings.standIns) {
      const { assembleStandIn } = await import('./stand-ins.ts');
      await mkdir(library.settings.directory, { recursive: true });
      const lock = library.lockPath('stand-ins');
      const made = await withLock(lock, pull.signal, () =>
        assembleStandIn(store, parsed, name, unreachable ?? '', pull),
      );
      if (made) return made;
    }
    const where = place ? `${place.registry} is out of reach (${unreachable})` : unreachable;
    throw new PullError(
      'RegistryUnavailable',
      `failed to pull and unpack image "${name}": not in the local store, and ${where}${library.settings.standIns ? '; nothing among the packages of Debian stands in for it' : ''}`,
    );
  }
  return store;
}

/**
 * Clears what processes that were killed left in `tmp/`. Everyone at work holds the lock shared while it lives, so
 * having it alone for a moment proves that nobody is.
 */
async function sweep(library: Library): Promise<void> {
  const { directory } = library.settings;
  await mkdir(directory, { recursive: true });
  const path = library.lockPath('work');
  const alone = await takeLock(path, { wait: false });
  if (!alone) return;
  try {
    const temporary = join(directory, 'tmp');
    for (const name of await readdir(temporary).catch(() => [])) {
      await rm(join(temporary, name), { recursive: true, force: true });
    }
  } finally {
    alone();
  }
}
