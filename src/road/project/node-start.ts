import { UserError } from '../../base/index.ts';
import { developmentServer } from './commands.ts';
import type { Fact, StartFact } from './contract.ts';
import type { Folder } from './folder.ts';
import type { FrameworkWay } from './node-frameworks.ts';
import type { NodeManifest } from './node-manifest.ts';

export interface NodeApp {
  readonly folder: Folder;
  readonly manifest: NodeManifest;
  /** The package manager's program. */
  readonly manager: string;
  readonly way: FrameworkWay | undefined;
}

const MAIN_FILES = ['server', 'app', 'index', 'main'].flatMap((name) => [`${name}.js`, `${name}.mjs`, `${name}.cjs`]);
/** Programs whose package has another name. */
const OWNERS: Readonly<Record<string, string>> = {
  tsc: 'typescript',
  nest: '@nestjs/cli',
  ng: '@angular/cli',
  'remix-serve': '@remix-run/serve',
  'react-router-serve': '@react-router/serve',
  fastify: 'fastify-cli',
  'pm2-runtime': 'pm2',
  strapi: '@strapi/strapi',
  medusa: '@medusajs/cli',
  directus: 'directus',
};
/** Scripts that show built pages, on the author's own desk mostly. */
const SHOWS_PAGES =
  /(?:^|[\s/])(?:serve|http-server|sirv|live-server|vite\s+preview|astro\s+preview|gatsby\s+serve)(?:\s|$)/;
const PRODUCTION_SCRIPTS = ['start:prod', 'start:production', 'serve:prod', 'prod'];

/** `npm run build && …`: the image was built before, and its user may not write there. */
const BUILDS = /^(?:npm|pnpm|yarn|bun)(?:\s+run)?\s+build\s*&&\s*/;

/** `--env-file=.env`: that file stays on the author's machine, the cluster gives the variables; node ends without it. */
export function withoutEnvironmentFile(command: string): string {
  return command.replace(/\s--env-file(?:=|\s+)[\w./-]+(?=\s)/g, '');
}

/** Whether what is served are built pages alone, without a program of the app's own. */
export function servesPages({ manifest, way }: NodeApp): boolean {
  if (way?.output === undefined || productionScript(manifest)) return false;
  const script = manifest.scripts.start;
  return script === undefined || developmentServer(script) !== undefined || SHOWS_PAGES.test(script);
}

/**
 * The command that serves.
 * @throws UserError when two files could.
 */
export function nodeStart(app: NodeApp): StartFact | undefined {
  const { manifest, way } = app;
  if (servesPages(app)) return { value: "nginx -g 'daemon off;'", source: way?.source ?? 'default' };
  const production = productionScript(manifest);
  const script = production ?? manifest.text('scripts', 'start');
  if (script) return fromScript(app, script, production ? nameOfScript(manifest, production) : 'start');
  if (way?.start) return withProgram(app, way.start, way.source);
  return fromFiles(app);
}

/** `start:prod` and its like, where `start` is missing or serves the author's desk. */
function productionScript(manifest: NodeManifest): Fact<string> | undefined {
  const { start } = manifest.scripts;
  if (start !== undefined && developmentServer(start) === undefined) return undefined;
  const name = PRODUCTION_SCRIPTS.find((each) => manifest.scripts[each] !== undefined);
  return name === undefined ? undefined : manifest.text('scripts', name);
}

function nameOfScript(manifest: NodeManifest, script: Fact<string>): string {
  return Object.keys(manifest.scripts).find((name) => manifest.scripts[name]?.trim() === script.value) ?? 'start';
}

function fromScript(app: NodeApp, script: Fact<string>, name: string): StartFact {
  const { manifest, manager, way } = app;
  const { source } = script;
  // The image sets NODE_ENV itself.
  const written = script.value.replace(/^(?:cross-env\s+)?NODE_ENV=production\s+(?:cross-env\s+)?/, '');
  const command = withoutEnvironmentFile(manifest.scripts.build === undefined ? written : written.replace(BUILDS, ''));
  if (way?.start && way.replaces?.test(command)) return withProgram(app, way.start, way.source);
  if (developmentServer(command)) {
    const watched = /^nodemon\s+(?:--\S+\s+)*([\w@./-]+\.[cm]?js)$/.exec(command)?.[1];
    if (watched) return { value: `node ${watched}`, source };
    if (way?.start) return withProgram(app, way.start, way.source);
  }
  const before = manifest.scripts[`pre${name}`];
  const waits = before !== undefined && !/\b(?:build|tsc)\b/.test(before);
  // Run without a shell and without the package manager between, so that SIGTERM reaches the app itself.
  if (!waits && /^node(?:\s+[\w@./=:-]+)+$/.test(command)) return { value: command, source };
  const program = /^([\w@.-]+)(?:\s+[\w@./=:-]+)*$/.exec(command)?.[1];
  if (!waits && program !== undefined && ownerOf(manifest, program)) return withProgram(app, command, source);
  const run = name === 'start' ? 'start' : `run ${name}`;
  return withNeed(manifest, { value: `${manager} ${run}`, source }, command);
}

/** A program of a package; it is found by the image's PATH. */
function withProgram({ manifest }: NodeApp, command: string, source: string): StartFact {
  return withNeed(manifest, { value: command, source }, command);
}

function ownerOf(manifest: NodeManifest, program: string): string | undefined {
  const owner = (Object.hasOwn(OWNERS, program) ? OWNERS[program] : undefined) ?? program;
  return manifest.package(owner) ? owner : undefined;
}

/** Marks a command whose program comes with a package of development. */
export function withNeed(manifest: NodeManifest, fact: Fact<string>, command: string): StartFact {
  const owner = ownerOf(manifest, command.split(/\s+/)[0] ?? '');
  const needed = owner !== undefined && Object.hasOwn(manifest.developmentDependencies, owner);
  if (!needed || Object.hasOwn(manifest.dependencies, owner)) return fact;
  return { ...fact, needsDevelopment: { value: owner, source: manifest.at('devDependencies', owner) } };
}

function fromFiles({ folder, manifest }: NodeApp): StartFact | undefined {
  const main = manifest.text('main');
  if (main) {
    const path = main.value.replace(/^\.\//, '');
    const built = manifest.scripts.build !== undefined && /^(?:dist|build|out|lib)\//.test(path);
    if (built || folder.has(path)) return { value: `node ${path}`, source: main.source };
  }
  const candidates = MAIN_FILES.flatMap((file) => [file, `src/${file}`]).filter((path) => folder.has(path));
  const [first, second] = candidates;
  if (first && second) {
    throw new UserError(
      'package.json:1',
      `two files could start the app: node ${first} and node ${second}`,
      `Choose with a start script in package.json ("start": "node ${first}"), a Procfile (web: node ${first}) or wherry.yaml (start: node ${first}).`,
    );
  }
  return first ? { value: `node ${first}`, source: first } : undefined;
}
