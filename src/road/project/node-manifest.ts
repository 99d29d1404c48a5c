import { UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';
import { semver } from './packages.ts';

/** Newest long-term versions first: the first that the app allows is taken. */
const VERSIONS = ['24', '22', '26', '20', '18'];
/** nodejs.org/about/previous-releases: what `lts/NAME` stands for. */
const LINES: Readonly<Record<string, string>> = { hydrogen: '18', iron: '20', jod: '22', krypton: '24' };

/** A package.json, with the line of each of its keys. */
export interface NodeManifest {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, unknown>>;
  readonly developmentDependencies: Readonly<Record<string, unknown>>;
  /** `package.json:12` of a key below other keys. */
  at(...keys: string[]): string;
  /** A text at a key with its place; undefined when there is none. */
  text(...keys: string[]): Fact<string> | undefined;
  /** Where a package is named; undefined when it is not. */
  package(name: string): Fact<string> | undefined;
}

/** @throws UserError when the file is broken JSON or no object. */
export function readNodeManifest(folder: Folder, path = 'package.json', shownAs = path): NodeManifest {
  const text = folder.read(path) ?? '';
  const fields = parseJson(shownAs, text);
  if (!isObject(fields)) throw new UserError(`${shownAs}:1`, 'not an object', 'npm init writes a fresh one.');
  const at = (...keys: string[]): string => `${shownAs}:${lineOfKey(text, ...keys)}`;
  const dependencies = { ...table(fields.dependencies), ...table(fields.optionalDependencies) };
  const developmentDependencies = table(fields.devDependencies);
  const scripts = Object.fromEntries(
    Object.entries(table(fields.scripts)).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
  return {
    path: shownAs,
    fields,
    scripts,
    dependencies,
    developmentDependencies,
    at,
    text(...keys) {
      let value: unknown = fields;
      for (const key of keys) value = isObject(value) ? value[key] : undefined;
      return typeof value === 'string' && value.trim() !== ''
        ? { value: value.trim(), source: at(...keys) }
        : undefined;
    },
    package(name) {
      for (const section of ['dependencies', 'optionalDependencies', 'devDependencies']) {
        if (Object.hasOwn(table(fields[section]), name)) return { value: name, source: at(section, name) };
      }
      return undefined;
    },
  };
}

const LOCKFILES = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
] as const;

/** Files at the top that decide what is installed; `.yarnrc.yml` means Yarn 2 or newer. */
export const INSTALL_FILES = [...LOCKFILES.map(([file]) => file), '.npmrc', '.yarnrc.yml', 'pnpm-workspace.yaml'];

export function lockfileOf(folder: Folder): string | undefined {
  return LOCKFILES.find(([file]) => folder.has(file))?.[0];
}

export function packageManagerOf(
  folder: Folder,
  manifest: NodeManifest,
  shown: (path: string) => string,
): Fact<string> {
  const named = manifest.text('packageManager');
  const name = named?.value.split('@')[0];
  if (named && name) return { value: name, source: named.source };
  const lockfile = LOCKFILES.find(([file]) => folder.has(file));
  return lockfile ? { value: lockfile[1], source: shown(lockfile[0]) } : { value: 'npm', source: 'default' };
}

/** The version of Node.js: what pins it goes before what limits it. */
export function nodeVersion(
  folder: Folder,
  manifest: NodeManifest,
  shown: (path: string) => string,
): Fact<string> | undefined {
  for (const path of ['.nvmrc', '.node-version']) {
    const text = folder.read(path)?.trim() ?? '';
    const major =
      /^v?(\d+)/.exec(text)?.[1] ??
      (/^(?:lts\/\*|node|stable)$/.test(text) ? VERSIONS[0] : LINES[text.replace(/^lts\//, '')]);
    if (major) return { value: major, source: `${shown(path)}:1` };
  }
  const tools = folder.read('.tool-versions') ?? '';
  const tool = /^(?:nodejs|node)\s+v?(\d+)/m.exec(tools);
  if (tool?.[1]) return { value: tool[1], source: `${shown('.tool-versions')}:${lineOf(tools, tool.index)}` };
  const volta = manifest.text('volta', 'node');
  const pinned = /^v?(\d+)/.exec(volta?.value ?? '')?.[1];
  if (volta && pinned) return { value: pinned, source: volta.source };
  const engines = manifest.text('engines', 'node');
  if (!engines) return undefined;
  const range = semver().validRange(engines.value);
  // The newest release of a line is what its image carries.
  const fitting = range && VERSIONS.find((major) => semver().satisfies(`${major}.999.999`, range));
  if (fitting) return { value: fitting, source: engines.source };
  const exact = range && semver().minVersion(range);
  return exact ? { value: exact.version, source: engines.source } : undefined;
}

export const DEFAULT_NODE: Fact<string> = { value: VERSIONS[0] ?? '24', source: 'default' };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function table(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
