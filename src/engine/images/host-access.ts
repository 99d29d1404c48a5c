import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../base/index.ts';
import type { RootView } from './root-view.ts';
import type { StepMount } from './run-container.ts';
import type { Environment } from './settings.ts';

/** Where a build step finds what the host lends it; mounted for the step's time, never part of a layer. */
const LENT = '/run/wherry';

/** Variables that hold the path of a certificate bundle, for the programs that ask for them by that name. */
const BUNDLE_VARIABLES = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'npm_config_cafile',
  'CARGO_HTTP_CAINFO',
];
const PASSED_ON =
  /^(?:https?_proxy|ftp_proxy|no_proxy|all_proxy|PIP_(?:INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT|PROXY)|npm_config_(?:registry|noproxy|https?_proxy|proxy|strict_ssl)|GOPROXY|GONOSUMDB|GOFLAGS|GOSUMDB)$/i;
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

export interface HostAccess {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly StepMount[];
}

/**
 * What a step needs to reach the package registries that the host reaches: name service, proxies, certificates of an
 * inspecting proxy, and the settings of npm, pip and apt. A step without a network gets none of it.
 * @param directory made and filled
 */
export async function hostAccess(
  environment: Environment,
  view: RootView,
  directory: string,
  network: 'host' | 'none',
): Promise<HostAccess> {
  const mounts: StepMount[] = [];
  const env: Record<string, string> = {};
  if (network === 'none') return { env, mounts };
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const lend = async (name: string, text: string) => {
    await writeFile(join(directory, name), text, { mode: 0o644 });
    return `${LENT}/${name}`;
  };
  for (const path of ['/etc/resolv.conf', '/etc/hosts']) {
    if (existsSync(path)) mounts.push({ type: 'bind', source: path, target: path, readOnly: true });
  }
  for (const [name, value] of Object.entries(environment)) if (value && PASSED_ON.test(name)) env[name] = value;

  const bundle = ownBundle(environment);
  if (bundle) {
    await copyFile(bundle, join(directory, 'ca.crt'));
    for (const name of BUNDLE_VARIABLES) env[name] = `${LENT}/ca.crt`;
  }
  const npm = npmSettings(environment);
  if (npm) env.npm_config_userconfig = await lend('npmrc', npm);
  const pip = pipSettings(environment);
  if (pip.text) env.PIP_CONFIG_FILE = await lend('pip.conf', pip.text);
  for (const path of pip.directories) mounts.push({ type: 'bind', source: path, target: path, readOnly: true });
  // Who keeps packages in directories often reaches no index; waiting for it five times a package helps nobody.
  if (pip.directories.length > 0) env.PIP_RETRIES = '0';
  if (pip.findLinks) env.PIP_FIND_LINKS = pip.findLinks;
  if (view.resolve('/etc/apt')?.kind === 'directory') {
    const apt = await aptSettings(bundle ? `${LENT}/ca.crt` : undefined);
    if (apt) env.APT_CONFIG = await lend('apt.conf', apt);
  }
  mounts.push({ type: 'bind', source: directory, target: LENT, readOnly: true });
  return { env, mounts };
}

/**
 * The host's certificates, when they differ from what images bring: a variable or a tool's setting names a bundle, or
 * someone has added authorities to the system's. Else an image's own are the better ones.
 */
function ownBundle(environment: Environment): string | undefined {
  const named = [...BUNDLE_VARIABLES.map((name) => environment[name]), npmValue(environment, 'cafile')];
  const given = named.find((path) => path && existsSync(path));
  if (given) return given;
  if (!existsSync('/usr/local/share/ca-certificates')) return undefined;
  const added = readFileSync('/etc/ca-certificates.conf', { encoding: 'utf8', flag: 'a+' }).includes('/usr/local/');
  return added ? SYSTEM_BUNDLES.find((path) => existsSync(path)) : undefined;
}

function npmFiles(environment: Environment): string[] {
  const home = environment.HOME;
  const prefix = dirname(dirname(process.execPath));
  return [
    join(prefix, 'etc/npmrc'),
    '/etc/npmrc',
    environment.npm_config_globalconfig,
    environment.npm_config_userconfig ?? (home ? join(home, '.npmrc') : undefined),
  ].filter((path) => path !== undefined);
}

/** The lines that say where packages come from and with what credentials; a path of this machine would mislead. */
const NPM_LINES = /^\s*(?:registry|@[^:\s]+:registry|proxy|https?-proxy|noproxy|strict-ssl|ca|ca\[\]|\/\/[^=]+)\s*=/;

function npmSettings(environment: Environment): string {
  const lines: string[] = [];
  for (const path of npmFiles(environment)) {
    for (const line of textOf(path).split('\n')) {
      if (!NPM_LINES.test(line)) continue;
      lines.push(line.replace(/\$\{(\w+)\}/g, (whole, name: string) => environment[name] ?? whole));
    }
  }
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}

function npmValue(environment: Environment, key: string): string | undefined {
  let value: string | undefined;
  for (const path of npmFiles(environment)) {
    value = new RegExp(`^\\s*${key}\\s*=\\s*(.+?)\\s*$`, 'm').exec(textOf(path))?.[1] ?? value;
  }
  return value;
}

/** pip's own settings, and the directories of this machine that they name as places of packages. */
function pipSettings(environment: Environment): {
  text: string;
  directories: readonly string[];
  findLinks: string | undefined;
} {
  const home = environment.HOME;
  const files = ['/etc/pip.conf', ...(home ? [join(home, '.config/pip/pip.conf'), join(home, '.pip/pip.conf')] : [])];
  const text = mergedSections(files.map(textOf)).trim();
  const findLinks = environment.PIP_FIND_LINKS;
  const directories = new Set<string>();
  for (const [, path] of `${text}\n${findLinks ?? ''}`.matchAll(/(?:file:\/\/|(?<=[\s=]|^))(\/[^\s]+)/gm)) {
    if (path && existsSync(path)) directories.add(topOf(path));
  }
  return { text: text === '' ? '' : `${text}\n`, directories: [...directories], findLinks };
}

/** Several files as one: a section may stand in it once only. A certificate bundle is lent under another path. */
function mergedSections(texts: readonly string[]): string {
  const sections = new Map<string, string[]>();
  for (const text of texts) {
    let lines: string[] = [];
    for (const line of text.split('\n')) {
      const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
      if (name !== undefined) {
        lines = sections.get(name) ?? [];
        sections.set(name, lines);
      } else if (!/^\s*(?:cert\s*=|[#;]|$)/.test(line)) {
        const key = /^([\w-]+)\s*[=:]/.exec(line)?.[1];
        const same = key ? lines.findIndex((other) => new RegExp(`^${key}\\s*[=:]`).test(other)) : -1;
        if (same >= 0) lines.splice(same, 1, line);
        else lines.push(line);
      }
    }
  }
  return [...sections].map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`).join('');
}

/** An index of links points at files beside itself, so its parent is lent too. */
function topOf(path: string): string {
  const parent = dirname(path);
  return parent.split('/').length > 2 ? parent : path;
}

/** apt's proxies and, under an inspecting proxy, its certificates. */
async function aptSettings(bundle: string | undefined): Promise<string> {
  const dump = await run('apt-config', ['dump', '--format', '%f "%v";%n'], { allowFailure: true }).catch(
    () => undefined,
  );
  const lines = (dump?.stdout ?? '')
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|ftp)::(?:Proxy|Timeout)\b/i.test(line) && !line.includes('""'));
  if (bundle) lines.push(`Acquire::https::CaInfo "${bundle}";`);
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
