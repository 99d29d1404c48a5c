import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Fact, LanguageFacts, StartFact } from './contract.ts';
import { type Folder, openFolder } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';
import { configurationVariables } from './node-config-variables.ts';
import {
  DEFAULT_NODE,
  INSTALL_FILES,
  isObject,
  nodeVersion,
  packageManagerOf,
  readNodeManifest,
} from './node-manifest.ts';
import { nodeRoutesOf, writtenNodePort } from './node-routes.ts';
import { sourcesIn } from './node-sources.ts';
import { environmentFunctions, nodeVariables } from './node-variables.ts';
import { uniqueRoutes } from './routes.ts';

/** An application of an Nx repository that has one package.json for all: nx.dev, "Project Configuration". */
export interface NxProject {
  readonly name: string;
  /** Full path of the repository. */
  readonly top: string;
  /** Relative to it. */
  readonly path: string;
  readonly executor: string;
  /** Where the build lands, relative to the repository. */
  readonly output: string;
  /** `project.json:7` */
  readonly source: string;
}

const LEVELS_MAX = 8;
/** Builds of these are pages, not programs. */
const BUILDS_PAGES = /vite|angular|web:|rollup|react/;

/** The Nx application in a folder; undefined for libraries, and where no nx.json with a package.json stands above. */
export function nxProjectOf(folder: Folder): NxProject | undefined {
  const text = folder.read('project.json');
  if (text === undefined) return undefined;
  const top = topOf(folder.directory);
  if (top === undefined) return undefined;
  const project = parseJson('project.json', text);
  if (!isObject(project) || project.projectType !== 'application') return undefined;
  const targets = isObject(project.targets) ? project.targets : {};
  const build = isObject(targets.build) ? targets.build : {};
  const options = isObject(build.options) ? build.options : {};
  const path = relative(top, folder.directory).replaceAll('\\', '/');
  const output = typeof options.outputPath === 'string' ? options.outputPath : `dist/${path}`;
  return {
    name: typeof project.name === 'string' ? project.name : (path.split('/').at(-1) ?? path),
    top,
    path,
    executor: typeof build.executor === 'string' ? build.executor : '',
    output: output.replace('{projectRoot}', path).replace('{workspaceRoot}/', ''),
    source: `project.json:${lineOfKey(text, 'targets', 'build')}`,
  };
}

function topOf(directory: string): string | undefined {
  let above = directory;
  for (let level = 0; level < LEVELS_MAX; level++) {
    if (existsSync(join(above, '.git'))) return undefined;
    const next = dirname(above);
    if (next === above) return undefined;
    above = next;
    if (existsSync(join(above, 'nx.json')) && existsSync(join(above, 'package.json'))) return above;
  }
  return undefined;
}

/** Built by Nx from the repository's folder; packages are those of the one package.json. */
export function readNxProject(folder: Folder, project: NxProject): LanguageFacts {
  const top = openFolder(project.top);
  const up = '../'.repeat(project.path.split('/').length);
  const manifest = readNodeManifest(top, 'package.json', `${up}package.json`);
  const shown = (path: string): string => `${up}${path}`;
  const manager = packageManagerOf(top, manifest, shown);
  // Which libraries an app is made of is Nx's own graph; all of them are looked at for what they read.
  const way = wayOf(project, manifest.package('next') !== undefined);
  const libraries = way.output ? [] : ['libs/', 'packages/'].flatMap((below) => sourcesIn(top, below, up));
  const sources = [...sourcesIn(folder, '', ''), ...libraries];
  const wrappers = [...new Set(sources.flatMap(({ text }) => environmentFunctions(text)))];
  // One package.json names the packages of all apps: pages need no server of any kind.
  const named = way.output ? ['@angular/core', 'vite'] : ['next', '@nestjs/core', 'fastify', 'express'];
  const framework = named.flatMap((name) => manifest.package(name) ?? [])[0];
  const own = sources.filter(({ path }) => !path.startsWith('../'));
  return {
    name: { value: project.name, source: project.source },
    version: manifest.text('version'),
    languageVersion: nodeVersion(top, manifest, shown) ?? DEFAULT_NODE,
    framework,
    packageManager: manager,
    manifestFiles: ['package.json', ...INSTALL_FILES].filter((path) => top.has(path)),
    packages: way.output ? [] : Object.keys(manifest.dependencies).flatMap((name) => manifest.package(name) ?? []),
    build: { value: `nx build ${project.name}`, source: project.source },
    start: () => way.start,
    migrate: undefined,
    output: way.output,
    workspace: { value: project.top, source: shown('nx.json') },
    preparing: manifest.text('scripts', 'prepare'),
    variables: way.output
      ? []
      : sources.flatMap(({ path, text }) => [
          ...nodeVariables(path, text, wrappers),
          ...configurationVariables(path, text),
        ]),
    routes: way.output
      ? [{ method: 'GET', path: '/', source: project.source, role: undefined }]
      : uniqueRoutes(nodeRoutesOf(own)),
    sources,
    native: [],
    port: way.output
      ? { value: 8080, source: 'default' }
      : (writtenNodePort(own) ?? { value: 3000, source: 'default' }),
    notes: [],
  };
}

function wayOf(project: NxProject, hasNext: boolean): { start: StartFact; output: Fact<string> | undefined } {
  const { executor, source } = project;
  // The image's working folder is the app's own.
  const output = `${'../'.repeat(project.path.split('/').length)}${project.output}`;
  if (hasNext && executor.includes('next'))
    return { start: { value: `next start ${output}`, source }, output: undefined };
  if (BUILDS_PAGES.test(executor)) {
    return { start: { value: "nginx -g 'daemon off;'", source }, output: { value: output, source } };
  }
  return { start: { value: `node ${output}/main.js`, source }, output: undefined };
}
