import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Log, systemClock } from '../../base/index.ts';
import type { PullOptions } from './contract.ts';

export interface RegistrySettings {
  /** Registry of names that give none (`node:22`); without one such names are never asked for over the network. */
  readonly defaultRegistry?: string;
  /** Registry to the mirrors asked before it. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Registries spoken to without TLS; loopback addresses always may be. */
  readonly plainHttp?: readonly string[];
}

export interface ImageStoreOptions {
  readonly directory: string;
  readonly log: Log;
  /** Assemble well-known images from Debian packages when the registry is out of reach; true when not given. */
  readonly standIns?: boolean;
  readonly registries?: RegistrySettings;
  /**
   * The environment the settings of proxies, certificates, npm, pip and docker are read from, and that programs run
   * with; the process's own when not given.
   */
  readonly environment?: Environment;
  readonly clock?: Clock;
  /**
   * For a process that has no network to the outside: brings the image into this same store by another process (as
   * `pullImage` there would), and rejects with the PullError of it. Asked in place of registry and stand-in.
   */
  readonly fetchOutside?: (reference: string, options: PullOptions) => Promise<void>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** All defaults of this room, and the bounds of what it reads and waits for. */
export const LIMITS = {
  manifestBytesMax: 4 * 1024 * 1024,
  layerBytesMax: 64 * 1024 ** 3,
  layersMax: 127,
  connectTimeoutMs: 3_000,
  /** A transfer in which nothing comes for so long is broken off and tried again. */
  stallTimeoutMs: 30_000,
  triesMax: 4,
  parallelDownloads: 3,
  runTimeoutMs: 2 * 60 * 60_000,
  programTimeoutMs: 30 * 60_000,
  cacheEntriesMax: 4_000,
  contextFilesMax: 500_000,
} as const;

export interface Settings {
  readonly directory: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly standIns: boolean;
  readonly environment: Environment;
  readonly fetchOutside: ImageStoreOptions['fetchOutside'];
  /** Read once, when first needed. */
  registries(): RegistrySettings;
}

export function settingsOf(options: ImageStoreOptions): Settings {
  const environment = options.environment ?? process.env;
  let registries = options.registries;
  return {
    directory: options.directory,
    log: options.log,
    clock: options.clock ?? systemClock,
    standIns: options.standIns ?? true,
    environment,
    fetchOutside: options.fetchOutside,
    registries: () => {
      registries ??= machineRegistries(environment);
      return registries;
    },
  };
}

/** What containers-registries.conf(5) says on this machine; only the keys that have a counterpart here. */
function machineRegistries(environment: Environment): RegistrySettings {
  const home = environment.HOME;
  const paths = [
    environment.CONTAINERS_REGISTRIES_CONF,
    home ? join(home, '.config/containers/registries.conf') : undefined,
    '/etc/containers/registries.conf',
  ];
  for (const path of paths) {
    if (!path) continue;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      continue;
    }
    return parseRegistriesConf(text);
  }
  return {};
}

/** A reader of the few lines of TOML used there, so that starting does not load a TOML library. */
export function parseRegistriesConf(text: string): RegistrySettings {
  const mirrors: Record<string, string[]> = {};
  const plainHttp: string[] = [];
  let defaultRegistry: string | undefined;
  let section = '';
  let prefix: string | undefined;
  let location: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const header = /^\[\[?\s*([\w.]+)\s*\]\]?$/.exec(line)?.[1];
    if (header) {
      section = header;
      if (section === 'registry') prefix = undefined;
      location = undefined;
      continue;
    }
    const pair = /^([\w-]+)\s*=\s*(.+)$/.exec(line);
    const key = pair?.[1];
    const value = pair?.[2];
    if (!key || !value) continue;
    const quoted = /^["']([^"']*)["']/.exec(value)?.[1];
    if (section === '' && key === 'unqualified-search-registries') {
      defaultRegistry ??= /["']([^"']+)["']/.exec(value)?.[1];
    } else if (section === 'registry' && (key === 'prefix' || key === 'location') && quoted) {
      if (key === 'location') location = quoted;
      prefix = key === 'prefix' ? quoted : (prefix ?? quoted);
    } else if (section === 'registry.mirror' && key === 'location' && quoted && prefix) {
      location = quoted;
      mirrors[prefix] = [...(mirrors[prefix] ?? []), quoted];
    } else if (key === 'insecure' && value.startsWith('true') && location) {
      plainHttp.push(location);
    }
  }
  return { ...(defaultRegistry ? { defaultRegistry } : {}), mirrors, plainHttp };
}
