import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../../base/index.ts';
import { type ExecSettings, execCredential } from './exec-credential.ts';
import type { HttpClientOptions } from './http-transport.ts';

interface ClusterEntry {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
}

interface UserEntry {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecSettings;
}

interface ContextEntry {
  cluster?: string;
  user?: string;
  namespace?: string;
}

interface Config {
  'current-context'?: string;
  clusters?: { name: string; cluster?: ClusterEntry }[];
  users?: { name: string; user?: UserEntry }[];
  contexts?: { name: string; context?: ContextEntry }[];
}

/** What httpClient needs, and where the context points. */
export interface KubeconfigOptions extends HttpClientOptions {
  readonly context: string;
  readonly namespace: string;
}

/** The files to read: those of KUBECONFIG (separated by `:`), else ~/.kube/config. */
export function kubeconfigPaths(environment: Readonly<Record<string, string | undefined>>): string[] {
  const named = (environment.KUBECONFIG ?? '').split(':').filter((path) => path !== '');
  return named.length > 0 ? named : [join(environment.HOME ?? '/', '.kube/config')];
}

/**
 * Reads kubeconfig files as kubectl does: the first file to name a thing wins, missing files are passed over, paths are
 * relative to their file, `-data` goes before a path.
 * @throws UserError when no file exists, one cannot be read, or the context or what it names is not there.
 */
export async function readKubeconfig(paths: readonly string[], context?: string): Promise<KubeconfigOptions> {
  const clusters = new Map<string, { entry: ClusterEntry; directory: string }>();
  const users = new Map<string, { entry: UserEntry; directory: string }>();
  const contexts = new Map<string, ContextEntry>();
  let current = '';
  let found = 0;
  for (const path of paths) {
    const config = await readConfig(path);
    if (config === undefined) continue;
    found++;
    const directory = dirname(resolve(path));
    current ||= config['current-context'] ?? '';
    for (const { name, cluster } of config.clusters ?? []) {
      if (!clusters.has(name)) clusters.set(name, { entry: cluster ?? {}, directory });
    }
    for (const { name, user } of config.users ?? []) {
      if (!users.has(name)) users.set(name, { entry: user ?? {}, directory });
    }
    for (const { name, context: entry } of config.contexts ?? []) {
      if (!contexts.has(name)) contexts.set(name, entry ?? {});
    }
  }
  const place = paths.join(':');
  if (found === 0) throw new UserError(place, 'no such kubeconfig', 'Set KUBECONFIG or name the file.');
  const name = context ?? current;
  if (name === '') throw new UserError(place, 'no current context', 'Name one with --context.');
  const chosen = contexts.get(name);
  if (chosen === undefined) {
    throw new UserError(
      place,
      `no context ${JSON.stringify(name)}`,
      `It has: ${[...contexts.keys()].join(', ') || 'none'}.`,
    );
  }
  const cluster = clusters.get(chosen.cluster ?? '');
  if (cluster?.entry.server === undefined) {
    throw new UserError(place, `context ${name}: no cluster ${JSON.stringify(chosen.cluster ?? '')} with a server`);
  }
  const user = users.get(chosen.user ?? '');
  if (user === undefined && chosen.user) {
    throw new UserError(place, `context ${name}: no user ${JSON.stringify(chosen.user)}`);
  }
  const ca = await dataOrFile(cluster.entry, 'certificate-authority', cluster.directory);
  const options: KubeconfigOptions = {
    server: cluster.entry.server,
    context: name,
    namespace: chosen.namespace || 'default',
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.entry['insecure-skip-tls-verify'] ? { insecure: true } : {}),
    ...(cluster.entry['tls-server-name'] ? { serverName: cluster.entry['tls-server-name'] } : {}),
  };
  return user === undefined ? options : { ...options, ...(await credentials(user.entry, user.directory, options)) };
}

async function credentials(
  user: UserEntry,
  directory: string,
  cluster: HttpClientOptions,
): Promise<Partial<HttpClientOptions>> {
  const certificate = await dataOrFile(user, 'client-certificate', directory);
  const key = await dataOrFile(user, 'client-key', directory);
  const options: Partial<HttpClientOptions> = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(user.username === undefined ? {} : { username: user.username }),
    ...(user.password === undefined ? {} : { password: user.password }),
  };
  if (user.token) return { ...options, token: user.token };
  if (user.tokenFile) {
    const path = resolve(directory, user.tokenFile);
    // Tokens of service accounts are renewed in place.
    return { ...options, token: async () => (await readFile(path, 'utf8')).trim() };
  }
  if (user.exec) return { ...options, ...(await execCredential(user.exec, directory, cluster)) };
  return options;
}

async function readConfig(path: string): Promise<Config | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new UserError(path, messageOf(error), undefined, { cause: error });
  }
  const { parse } = await import('yaml');
  try {
    const config: unknown = parse(text, { version: '1.1' });
    return typeof config === 'object' && config !== null ? (config as Config) : {};
  } catch (error) {
    throw new UserError(path, `not YAML: ${messageOf(error)}`, undefined, { cause: error });
  }
}

async function dataOrFile(entry: object, field: string, directory: string): Promise<string | undefined> {
  const values = entry as Record<string, unknown>;
  const data = values[`${field}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const path = values[field];
  if (typeof path !== 'string' || path === '') return undefined;
  try {
    return await readFile(resolve(directory, path), 'utf8');
  } catch (error) {
    throw new UserError(resolve(directory, path), messageOf(error), `It is named as ${field} of a kubeconfig.`, {
      cause: error,
    });
  }
}
