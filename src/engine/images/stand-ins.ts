import { mkdir, rm } from 'node:fs/promises';
import type { Image, PullOptions } from './contract.ts';
import { parseReference, type Reference } from './reference.ts';
import { BASE_TAG } from './stand-in-debian.ts';
import type { StandIn, StandInRequest } from './stand-in-types.ts';
import type { LocalImageStore } from './store.ts';

/** The well-known images that can be assembled, by the name users know them under. */
const STAND_INS: Readonly<Record<string, StandIn>> = {
  alpine: async (request) => (await import('./stand-in-busybox.ts')).busyboxStandIn(request),
  busybox: async (request) => (await import('./stand-in-busybox.ts')).busyboxStandIn(request),
  debian: async (request) => (await import('./stand-in-debian.ts')).debianStandIn(request),
  'curlimages/curl': async (request) => (await import('./stand-in-curl.ts')).curlStandIn(request),
  composer: async (request) => (await import('./stand-in-php.ts')).composerStandIn(request),
  golang: async (request) => (await import('./stand-in-language.ts')).languageStandIn('golang')(request),
  rust: async (request) => (await import('./stand-in-language.ts')).languageStandIn('rust')(request),
  ruby: async (request) => (await import('./stand-in-language.ts')).languageStandIn('ruby')(request),
  php: async (request) => (await import('./stand-in-php.ts')).phpStandIn(request),
  openjdk: async (request) => (await import('./stand-in-java.ts')).javaStandIn(request),
  'eclipse-temurin': async (request) => (await import('./stand-in-java.ts')).javaStandIn(request),
  maven: async (request) => (await import('./stand-in-java.ts')).javaStandIn(request),
  mariadb: async (request) => (await import('./stand-in-mariadb.ts')).mariadbStandIn(request),
  memcached: async (request) => (await import('./stand-in-memcached.ts')).memcachedStandIn(request),
  mysql: async (request) => (await import('./stand-in-mariadb.ts')).mariadbStandIn(request),
  nginx: async (request) => (await import('./stand-in-nginx.ts')).nginxStandIn(request),
  'nginxinc/nginx-unprivileged': async (request) => (await import('./stand-in-nginx.ts')).nginxStandIn(request),
  node: async (request) => (await import('./stand-in-node.ts')).nodeStandIn(request),
  postgres: async (request) => (await import('./stand-in-postgres.ts')).postgresStandIn(request),
  python: async (request) => (await import('./stand-in-python.ts')).pythonStandIn(request),
  rabbitmq: async (request) => (await import('./stand-in-rabbitmq.ts')).rabbitmqStandIn(request),
  redis: async (request) => (await import('./stand-in-redis.ts')).redisStandIn(request),
};

/**
 * The minimal Debian under the other stand-ins, made when the first of them is.
 * @param tag a release by name; the host's own when not given
 * @returns its name
 */
export async function assembleBase(
  store: LocalImageStore,
  options: PullOptions,
  tag: string = BASE_TAG,
): Promise<string> {
  const base = `debian:${tag}`;
  await assembleStandIn(store, parseReference(base), store.library.normalName(base), 'base of another', options);
  return base;
}

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
    // Named in the image too, so that two names of the same files stay two images, each with its own announcement.
    const labels = { ...config.config?.Labels, 'org.opencontainers.image.ref.name': name };
    const named = { ...config, config: { ...config.config, Labels: labels } };
    return library.view(await library.add(named, { standIn: line }, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
