import { mkdir, rm } from 'node:fs/promises';
import type { Image, PullOptions } from './contract.ts';
import type { Reference } from './reference.ts';
import { busyboxStandIn } from './stand-in-busybox.ts';
import { debianStandIn } from './stand-in-debian.ts';
import type { StandIn, StandInRequest } from './stand-in-types.ts';
import type { LocalImageStore } from './store.ts';

/** The well-known images that can be assembled, by the name users know them under. */
const STAND_INS: Readonly<Record<string, StandIn>> = {
  busybox: busyboxStandIn,
  debian: debianStandIn,
};

/** Namespaces under which the official images are also published. */
const OFFICIAL = /^(?:library|e2e-test-images)\//;

/**
 * Assembles a well-known image from Debian packages.
 * @param why the registry was not asked or did not answer
 * @returns undefined when the name is not one of them
 */
export async function assembleStandIn(
  store: LocalImageStore,
  reference: Reference,
  name: string,
  why: string,
  options: PullOptions,
): Promise<Image | undefined> {
  const standIn = reference.digest ? undefined : STAND_INS[reference.path.replace(OFFICIAL, '')];
  if (!standIn) return undefined;
  const { library } = store;
  const present = await library.find(name);
  if (present) return library.view(present);
  const scratch = await library.blobs.temporaryDirectory();
  try {
    await mkdir(scratch, { recursive: true });
    const request: StandInRequest = { store, name, tag: reference.tag ?? 'latest', scratch, options };
    const { config, note } = await standIn(request);
    const line = `registry out of reach: ${name} assembled from ${note}`;
    options.onProgress?.(line);
    library.settings.log.info('image assembled in place of one out of reach', { image: name, why, from: note });
    return library.view(await library.add(config, { standIn: line }, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
