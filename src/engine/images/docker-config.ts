import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, run } from '../../base/index.ts';
import type { RegistryCredentials } from './contract.ts';
import type { Settings } from './settings.ts';

interface DockerConfig {
  readonly auths?: Readonly<
    Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>
  >;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/** What `docker login` left for a registry: a helper of its own, the common helper, or the file itself. */
export async function dockerCredentials(
  settings: Settings,
  registry: string,
): Promise<RegistryCredentials | undefined> {
  const { environment, log } = settings;
  const home = environment.HOME;
  const directory = environment.DOCKER_CONFIG ?? (home ? join(home, '.docker') : undefined);
  if (!directory) return undefined;
  let config: DockerConfig;
  try {
    config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
  } catch {
    return undefined;
  }
  return credentialsIn(config, registry, async (helper, server) => {
    try {
      const result = await run(`docker-credential-${helper}`, ['get'], {
        input: server,
        env: { ...environment },
        timeoutMs: 30_000,
      });
      const { Username, Secret }: { Username?: string; Secret?: string } = JSON.parse(result.stdout);
      if (!Secret) return undefined;
      return Username === '<token>' ? { identityToken: Secret } : { username: Username ?? '', password: Secret };
    } catch (error) {
      log.debug('credential helper gave nothing', { helper, server, error: messageOf(error) });
      return undefined;
    }
  });
}

export type AskHelper = (helper: string, server: string) => Promise<RegistryCredentials | undefined>;

export async function credentialsIn(
  config: DockerConfig,
  registry: string,
  ask: AskHelper,
): Promise<RegistryCredentials | undefined> {
  const auths = Object.entries(config.auths ?? {});
  const server = auths.map(([key]) => key).find((key) => isFor(key, registry)) ?? registry;
  const helper = Object.entries(config.credHelpers ?? {}).find(([key]) => isFor(key, registry));
  if (helper) return ask(helper[1], helper[0]);
  if (config.credsStore) {
    const found = await ask(config.credsStore, server);
    if (found) return found;
  }
  const entry = config.auths?.[server];
  if (!entry) return undefined;
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  return entry.username ? { username: entry.username, password: entry.password ?? '' } : undefined;
}

/** Keys are hosts or addresses (`https://index.example/v1/`); the index of a registry stands for the registry. */
function isFor(key: string, registry: string): boolean {
  const host = key.replace(/^https?:\/\//, '').split('/')[0];
  return host === registry || host === `index.${registry}`;
}
