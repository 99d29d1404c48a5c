import semver from 'semver';
import { UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts, Route } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';
import { maskComments } from './mask.ts';
import { nodeVariables } from './node-variables.ts';
import { roleOf, uniqueRoutes } from './routes.ts';

/** Newest long-term versions first: the first that the app allows is taken. */
const VERSIONS = ['24', '22', '26', '20', '18'];
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const NOT_SERVING =
  /(?:^|\/)(?:test|tests|__tests__|spec|e2e|scripts|migrations|public|static)\/|\.(?:test|spec|config|stories|d)\.[cm]?[jt]sx?$/;
const FRAMEWORKS: readonly (readonly [string, number | undefined])[] = [
  ['next', 3000],
  ['nuxt', 3000],
  ['@nestjs/core', undefined],
  ['fastify', undefined],
  ['express', undefined],
  ['koa', undefined],
  ['hono', undefined],
  ['@hapi/hapi', undefined],
];
const NATIVE = ['bcrypt', 'better-sqlite3', 'canvas', 'sharp', 'argon2', 'node-gyp', 'sqlite3', 'lmdb', 'node-sass'];
const MAIN_FILES = ['server', 'app', 'index', 'main'].flatMap((name) => [`${name}.js`, `${name}.mjs`, `${name}.cjs`]);

interface Manifest {
  name?: unknown;
  version?: unknown;
  main?: unknown;
  engines?: Record<string, unknown>;
  packageManager?: unknown;
  scripts?: Record<string, unknown>;
  dependencies?: Record<string, unknown>;
  devDependencies?: Record<string, unknown>;
  optionalDependencies?: Record<string, unknown>;
}

export function isNode(folder: Folder): boolean {
  return folder.has('package.json');
}

/** @throws UserError when package.json is broken. */
export function readNode(folder: Folder): LanguageFacts {
  const text = folder.read('package.json') ?? '';
  const parsed = parseJson('package.json', text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UserError('package.json:1', 'not an object', 'npm init writes a fresh one.');
  }
  const manifest = parsed as Manifest;
  const at = (...keys: string[]): string => `package.json:${lineOfKey(text, ...keys)}`;
  const string = (value: unknown, ...keys: string[]): Fact<string> | undefined =>
    typeof value === 'string' && value !== '' ? { value, source: at(...keys) } : undefined;

  const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const packages = Object.keys(dependencies).map((name) => ({ value: name, source: at('dependencies', name) }));
  const framework = FRAMEWORKS.find(([name]) => name in dependencies);
  const scripts = folder.paths.filter((path) => SOURCE.test(path) && !NOT_SERVING.test(path));
  const sources = scripts.map((path) => ({ path, text: maskComments(folder.read(path) ?? '', 'node') }));
  const packageManager = packageManagerOf(folder, string(manifest.packageManager, 'packageManager'));
  const build = string(manifest.scripts?.build, 'scripts', 'build');
  return {
    name: string(manifest.name, 'name'),
    version: string(manifest.version, 'version'),
    languageVersion: nodeVersion(folder, string(manifest.engines?.node, 'engines', 'node')),
    framework: framework && { value: framework[0], source: at('dependencies', framework[0]) },
    packageManager,
    manifestFiles: ['package.json', ...LOCKFILES.map(([file]) => file), '.npmrc', 'pnpm-workspace.yaml'].filter(
      (path) => folder.has(path),
    ),
    packages,
    build: build && { value: `${packageManager.value} run build`, source: build.source },
    start() {
      const start = startOf(folder, manifest, string, packageManager.value);
      if (!start) return undefined;
      const development = developmentBinary(start.command.split(' ')[0] ?? '', manifest.devDependencies ?? {});
      const fact = { value: start.run, source: start.source };
      if (development === undefined) return fact;
      return { ...fact, needsDevelopment: { value: development, source: at('devDependencies', development) } };
    },
    migrate: undefined,
    variables: sources.flatMap(({ path, text: code }) => nodeVariables(path, code)),
    routes: uniqueRoutes(sources.flatMap(({ path, text: code }) => nodeRoutes(path, code))),
    sources,
    native: packages.filter(({ value }) => NATIVE.includes(value)),
    port: writtenPort(sources) ?? (framework?.[1] ? { value: framework[1], source: 'default' } : undefined),
    notes: LOCKFILES.some(([file]) => folder.has(file))
      ? []
      : ['package.json:1: no lockfile, so every build may install other versions; npm install writes one'],
  };
}

const LOCKFILES = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
] as const;

function packageManagerOf(folder: Folder, named: Fact<string> | undefined): Fact<string> {
  const name = named?.value.split('@')[0];
  if (named && name) return { value: name, source: named.source };
  const lockfile = LOCKFILES.find(([file]) => folder.has(file));
  return lockfile ? { value: lockfile[1], source: lockfile[0] } : { value: 'npm', source: 'default' };
}

function nodeVersion(folder: Folder, engines: Fact<string> | undefined): Fact<string> {
  for (const path of ['.nvmrc', '.node-version']) {
    const major = /^\s*v?(\d+)/.exec(folder.read(path) ?? '')?.[1];
    if (major) return { value: major, source: `${path}:1` };
  }
  if (engines) {
    const range = semver.validRange(engines.value);
    // The newest release of a line is what its image carries.
    const fitting = range && VERSIONS.find((major) => semver.satisfies(`${major}.999.999`, range));
    if (fitting) return { value: fitting, source: engines.source };
    const exact = range && semver.minVersion(range);
    if (exact) return { value: exact.version, source: engines.source };
  }
  return { value: VERSIONS[0] ?? '24', source: 'default' };
}

interface Start {
  /** As written. */
  command: string;
  /** What to run in an image. */
  run: string;
  source: string;
}

function startOf(
  folder: Folder,
  manifest: Manifest,
  string: (value: unknown, ...keys: string[]) => Fact<string> | undefined,
  packageManager: string,
): Start | undefined {
  const script = string(manifest.scripts?.start, 'scripts', 'start');
  if (script) {
    const command = script.value.trim();
    // Run without a shell and without the package manager between, so that SIGTERM reaches the app itself.
    const direct = /^node(?:\s+[\w@./=:-]+)+$/.test(command);
    return { command, run: direct ? command : `${packageManager} start`, source: script.source };
  }
  const main = string(manifest.main, 'main');
  const candidates = MAIN_FILES.flatMap((file) => [file, `src/${file}`]).filter((path) => folder.has(path));
  if (main) {
    const path = main.value.replace(/^\.\//, '');
    if (folder.has(path)) return { command: `node ${path}`, run: `node ${path}`, source: main.source };
  }
  const [first, second] = candidates;
  if (first && second) {
    throw new UserError(
      'package.json:1',
      `two files could start the app: node ${first} and node ${second}`,
      `Choose with a start script in package.json ("start": "node ${first}"), a Procfile (web: node ${first}) or wherry.yaml (start: node ${first}).`,
    );
  }
  return first ? { command: `node ${first}`, run: `node ${first}`, source: first } : undefined;
}

function developmentBinary(command: string, developmentPackages: Record<string, unknown>): string | undefined {
  const owner: Record<string, string> = { tsc: 'typescript', nest: '@nestjs/cli' };
  const name = Object.hasOwn(owner, command) ? owner[command] : command;
  return name !== undefined && Object.hasOwn(developmentPackages, name) ? name : undefined;
}

function nodeRoutes(path: string, code: string): Route[] {
  const routes: Route[] = [];
  const call = /\b\w+\s*\.\s*(get|post|put|patch|delete|all)(?:<[^>(]*>)?\(\s*(['"`])(\/[^'"`]*)\2/g;
  for (const match of code.matchAll(call)) {
    const [, verb = '', , route = ''] = match;
    const method = verb === 'all' ? 'GET' : verb.toUpperCase();
    routes.push({ method, path: route, source: placeOf(path, code, match.index), role: roleOf(method, route) });
  }
  // fastify.route({ method: 'GET', url: '/x' })
  for (const match of code.matchAll(/method:\s*['"](\w+)['"]\s*,\s*(?:url|path):\s*['"](\/[^'"]*)['"]/g)) {
    const [, method = '', route = ''] = match;
    const upper = method.toUpperCase();
    routes.push({ method: upper, path: route, source: placeOf(path, code, match.index), role: roleOf(upper, route) });
  }
  // Node's own http server: if (request.url === '/health')
  for (const match of code.matchAll(/\b(?:url|pathname|path)\s*===?\s*['"](\/[^'"]*)['"]/g)) {
    const route = match[1] ?? '/';
    routes.push({
      method: 'GET',
      path: route,
      source: placeOf(path, code, match.index),
      role: roleOf('GET', route),
    });
  }
  return routes;
}

function writtenPort(sources: readonly { path: string; text: string }[]): Fact<number> | undefined {
  for (const { path, text } of sources) {
    const match = /\.listen\(\s*(?:\{[^}]*?\bport:\s*)?(\d{2,5})\b/.exec(text);
    if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
  }
  return undefined;
}
