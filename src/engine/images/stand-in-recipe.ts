import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/index.ts';
import { buildImage } from './build.ts';
import { hostSuite } from './host-suite.ts';
import type { StoredImage } from './library.ts';
import { BASE_TAG, titleOf } from './stand-in-debian.ts';
import type { StandInRequest } from './stand-in-types.ts';

/** Installs packages and leaves neither lists nor archives behind; those are kept between builds beside the store. */
export function install(packages: readonly string[]): string {
  return `RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked --mount=type=cache,target=/var/cache/apt,sharing=locked \\
 mv /etc/apt/apt.conf.d/docker-clean /run/docker-clean \\
 && apt-get update -q -o Acquire::Languages=none && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends -o Dpkg::Options::=--force-unsafe-io -o APT::Sandbox::User=root ${packages.join(' ')} \\
 && mv /run/docker-clean /etc/apt/apt.conf.d/docker-clean \\
 && rm -rf /var/log/apt /var/log/*.log /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old`;
}

/** `Debian 12`. @param tag of the base, where it is not the host's own release */
export function baseTitle(tag: string = BASE_TAG): string {
  return titleOf(tag) ?? hostSuite()?.title ?? 'Debian';
}

/**
 * Builds a stand-in by our own builder. @param dockerfile what follows the FROM
 * @param fill puts files into the build context
 * @param baseTag of the Debian below, where the host's own release does not serve
 */
export async function buildRecipe(
  request: StandInRequest,
  dockerfile: string,
  fill: (context: string) => Promise<void> = async () => {},
  baseTag: string = BASE_TAG,
): Promise<StoredImage> {
  const { store, options, scratch, name } = request;
  const context = join(scratch, 'context');
  await mkdir(context);
  await fill(context);
  const { assembleBase } = await import('./stand-ins.ts');
  const base = await assembleBase(store, options, baseTag);
  const image = await buildImage({
    store,
    contextDirectory: context,
    dockerfile: { text: `FROM ${base}\n${dockerfile}`, name: `stand-in for ${name}` },
    ...(options.signal ? { signal: options.signal } : {}),
    onProgress: (line) => {
      if (!line.startsWith('  ')) options.onProgress?.(line);
    },
  });
  const built = await store.library.stored(image.digest);
  assert(built, `stand-in ${name} is in the store after it was built`);
  return built;
}
