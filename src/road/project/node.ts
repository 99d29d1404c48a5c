import type { Fact, FoundVariable, LanguageFacts } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { nodeMigrate } from './migrate-command.ts';
import { findMigrations } from './migrations.ts';
import { nodeBuild, workspaceBuild } from './node-build.ts';
import { configurationVariables } from './node-config-variables.ts';
import { type FrameworkWay, frameworkOf, isServerFramework } from './node-frameworks.ts';
import {
  DEFAULT_NODE,
  INSTALL_FILES,
  lockfileOf,
  type NodeManifest,
  nodeVersion,
  packageManagerOf,
  readNodeManifest,
} from './node-manifest.ts';
import { nodeRoutesOf, writtenNodePort } from './node-routes.ts';
import { sourcesIn } from './node-sources.ts';
import { nodeStart, servesPages } from './node-start.ts';
import { environmentFunctions, nodeVariables } from './node-variables.ts';
import { nxProjectOf, readNxProject } from './nx.ts';
import { readPrisma } from './prisma.ts';
import { uniqueRoutes } from './routes.ts';
import { isStaticSite } from './static-site.ts';
import { neededMembers, type Workspace, workspaceAbove } from './workspace.ts';
import type { Source } from './written-addresses.ts';

const NATIVE = ['bcrypt', 'better-sqlite3', 'canvas', 'sharp', 'argon2', 'node-gyp', 'sqlite3', 'lmdb', 'node-sass'];
/** Frameworks put these into pages when they are built; no environment of a pod reaches them. */
const BUILT_IN = /^(?:VITE_|NEXT_PUBLIC_|REACT_APP_|PUBLIC_|NUXT_PUBLIC_|GATSBY_|VUE_APP_)/;

/** A package.json, or the project.json of an Nx repository whose one package.json stands above. */
export function isNode(folder: Folder): boolean {
  return folder.has('package.json') || nxProjectOf(folder) !== undefined;
}

/** A package.json that starts nothing and serves nothing: tools for the assets of an app in another language. */
export function isNodeToolOnly(folder: Folder): boolean {
  if (!folder.has('package.json')) return false;
  const manifest = readNodeManifest(folder);
  // Pages that a build makes are an app, those that lie beside a package.json are not of its making.
  if (isStaticSite(folder) && manifest.scripts.build !== undefined) return false;
  return (
    manifest.scripts.start === undefined &&
    !Object.keys(manifest.dependencies).some((name) => isServerFramework(name) || name === 'next' || name === 'nuxt')
  );
}

/** @throws UserError when package.json is broken. */
export async function readNode(folder: Folder): Promise<LanguageFacts> {
  const project = folder.has('package.json') ? undefined : nxProjectOf(folder);
  if (project) return readNxProject(folder, project);
  const manifest = readNodeManifest(folder);
  const above = workspaceAbove(folder.directory);
  const up = above ? '../'.repeat(above.path.split('/').length) : '';
  const top = above?.workspace.folder ?? folder;
  const topManifest = above ? readNodeManifest(top, 'package.json', `${up}package.json`) : manifest;
  const shown = (path: string): string => `${up}${path}`;

  const manager = packageManagerOf(top, topManifest, shown);
  const program = manager.value === 'bun' ? 'npm' : manager.value;
  const way = await frameworkOf(folder, manifest);
  const app = { folder, manifest, manager: program, way };
  const pages = servesPages(app);
  const prisma = readPrisma(folder);
  const migrations = findMigrations(folder, allPackages(manifest));
  const packages = packagesOf(manifest, above, up);
  const sources = [...sourcesIn(folder, '', ''), ...(above ? neededSources(above, up) : [])];
  const wrappers = [...new Set(sources.flatMap(({ text }) => environmentFunctions(text)))];
  const variables = [
    ...sources.flatMap(({ path, text }) => [
      ...nodeVariables(path, text, wrappers),
      ...configurationVariables(path, text),
    ]),
    ...nodeConfigVariables(folder),
    ...(prisma?.variables ?? []),
  ];
  const build = above
    ? workspaceBuild(above.workspace, above.path, program, up)
    : nodeBuild(folder, manifest, program, way, startIfPlain(app));
  return {
    name: manifest.text('name'),
    version: manifest.text('version'),
    languageVersion:
      nodeVersion(folder, manifest, (path) => path) ?? (above && nodeVersion(top, topManifest, shown)) ?? DEFAULT_NODE,
    framework: way && { value: way.name, source: way.source },
    packageManager: manager,
    manifestFiles: manifestFilesOf(
      top,
      above,
      prisma ? [above ? `${above.path}/${prisma.schema}` : prisma.schema] : [],
    ),
    packages,
    build,
    start: () => nodeStart(app),
    migrate: nodeMigrate(folder, manifest, program, migrations?.tool.value),
    migrations,
    preparing: topManifest.text('scripts', 'prepare') ?? topManifest.text('scripts', 'postprepare'),
    output: pages && way?.output ? { value: way.output, source: way.source } : undefined,
    workspace: above && { value: top.directory, source: shown(above.workspace.source) },
    variables: variables.filter(({ name }) => !BUILT_IN.test(name)),
    services: prisma?.services ?? [],
    routes: pages
      ? [{ method: 'GET', path: '/', source: way?.source ?? 'default', role: undefined }]
      : uniqueRoutes(nodeRoutesOf(sources.filter(({ path }) => !path.startsWith('../')))),
    sources,
    native: packages.filter(({ value }) => NATIVE.includes(value)),
    port: pages ? { value: 8080, source: 'default' } : (writtenNodePort(sources) ?? portOf(way)),
    notes: [
      ...lockNotes(top, manager, shown),
      ...(way?.notes ?? []),
      ...developmentNotes(manifest, way),
      ...builtInNotes(variables),
    ],
  };
}

function portOf(way: FrameworkWay | undefined): Fact<number> | undefined {
  return way?.port === undefined ? undefined : { value: way.port, source: 'default' };
}

/** The start command where it is no choice between two: only asked for what it says of a build. */
function startIfPlain(app: Parameters<typeof nodeStart>[0]): string | undefined {
  return app.manifest.scripts.start ?? app.manifest.text('main')?.value;
}

interface Above {
  readonly workspace: Workspace;
  readonly path: string;
}

/** The code of the workspace's packages that the app is made of. */
function neededSources({ workspace, path }: Above, up: string): Source[] {
  return neededMembers(workspace, path)
    .slice(0, -1)
    .flatMap((member) => sourcesIn(workspace.folder, `${member.path}/`, up));
}

function packagesOf(manifest: NodeManifest, above: Above | undefined, up: string): Fact<string>[] {
  const own = Object.keys(manifest.dependencies).flatMap((name) => manifest.package(name) ?? []);
  if (!above) return own;
  const needed = neededMembers(above.workspace, above.path)
    .slice(0, -1)
    .flatMap((member) =>
      Object.keys(member.manifest.dependencies).flatMap((name) => member.manifest.package(name) ?? []),
    )
    .map(({ value, source }) => ({ value, source: `${up}${source}` }));
  const names = new Set(own.map(({ value }) => value));
  return [...own, ...needed.filter(({ value }) => !names.has(value))];
}

/** Migration tools are often packages of development. */
function allPackages(manifest: NodeManifest): Fact<string>[] {
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.developmentDependencies)];
  return names.flatMap((name) => manifest.package(name) ?? []);
}

/** Relative to the workspace's folder where there is one: the image is built from there. */
function manifestFilesOf(top: Folder, above: Above | undefined, more: readonly string[]): string[] {
  const patches = top.paths.filter((path) => /^patches\/[^/]+\.patch$/.test(path));
  const members = above ? above.workspace.members.map(({ path }) => `${path}/package.json`) : [];
  return [...['package.json', ...INSTALL_FILES].filter((path) => top.has(path)), ...members, ...patches, ...more];
}

function lockNotes(top: Folder, manager: Fact<string>, shown: (path: string) => string): string[] {
  if (lockfileOf(top) === undefined) {
    return [
      `${shown('package.json')}:1: no lockfile, so every build may install other versions; ${manager.value} install writes one`,
    ];
  }
  return manager.value === 'bun'
    ? [`${manager.source}: the packages are installed by npm, which does not read Bun's lockfile`]
    : [];
}

function developmentNotes(manifest: NodeManifest, way: FrameworkWay | undefined): string[] {
  const start = manifest.text('scripts', 'start');
  const decides = way?.start ?? way?.output;
  if (!start || decides || !/\b(?:nodemon|ts-node-dev|tsx\s+watch)\b/.test(start.value)) return [];
  return [`${start.source}: ${start.value} watches files; in the image the app is started once`];
}

function builtInNotes(variables: readonly FoundVariable[]): string[] {
  const found = variables.filter(({ name }) => BUILT_IN.test(name) && name.includes('_'));
  const [first] = found;
  if (!first) return [];
  const names = [...new Set(found.map(({ name }) => name))].join(', ');
  return [`${first.source}: put into the pages when they are built, not when they are served: ${names}`];
}

/** The package `config`: custom-environment-variables names a variable for each setting. */
function nodeConfigVariables(folder: Folder): FoundVariable[] {
  const path = ['json', 'yaml', 'yml']
    .map((ending) => `config/custom-environment-variables.${ending}`)
    .find(folder.has);
  const text = path && folder.read(path);
  if (!path || !text) return [];
  return [...text.matchAll(/:\s*["']?([A-Z][A-Z0-9_]+)["']?\s*(?:[,}\n]|$)/g)].map((match) => ({
    name: match[1] ?? '',
    fallback: undefined,
    source: placeOf(path, text, match.index),
  }));
}
