import type { Folder } from './folder.ts';
import type { NodeManifest } from './node-manifest.ts';

/** What a framework makes of an app, where it decides that. */
export interface FrameworkWay {
  readonly name: string;
  /** Where the framework is named. */
  readonly source: string;
  /** The port it listens on when nothing says another. */
  readonly port?: number;
  /** What builds it when no build script does. */
  readonly build?: string;
  /** What serves in production; found through the packages' own programs. */
  readonly start?: string;
  /** Start scripts that this way of building makes wrong; `start` takes their place. */
  readonly replaces?: RegExp;
  /** Pages that a file server serves, instead of `start`. */
  readonly output?: string;
  readonly notes?: readonly string[];
}

interface Ground {
  readonly folder: Folder;
  readonly manifest: NodeManifest;
  has(name: string): boolean;
  /** The text of the first file of this name, whatever its ending. */
  configuration(stem: string): string;
}

interface Framework {
  readonly package: string;
  readonly name?: string;
  readonly way: (ground: Ground) => Omit<FrameworkWay, 'name' | 'source'>;
}

/** The first whose package the app names decides. Those that bring another along stand before it. */
const FRAMEWORKS: readonly Framework[] = [
  {
    package: 'next',
    way({ configuration }) {
      const text = configuration('next.config');
      const output = /\boutput\s*:\s*['"](\w+)['"]/.exec(text)?.[1];
      if (output === 'export') return { build: 'next build', output: 'out' };
      // The server of this output binds to HOSTNAME, which in a pod is the pod's name.
      if (output === 'standalone') {
        return {
          build: 'next build',
          start: 'env HOSTNAME=0.0.0.0 node .next/standalone/server.js',
          replaces: /^next\s+start\b/,
          port: 3000,
        };
      }
      return { build: 'next build', start: 'next start', port: 3000 };
    },
  },
  {
    package: 'nuxt',
    way: ({ manifest }) =>
      /\bgenerate\b/.test(manifest.scripts.build ?? '')
        ? { output: '.output/public' }
        : { build: 'nuxt build', start: 'node .output/server/index.mjs', port: 3000 },
  },
  {
    package: '@sveltejs/kit',
    name: 'sveltekit',
    way({ has, configuration, manifest }) {
      if (has('@sveltejs/adapter-static')) {
        const pages = /adapter\([^)]*?\bpages\s*:\s*['"]([^'"]+)['"]/.exec(configuration('svelte.config'))?.[1];
        return { build: 'vite build', output: pages ?? 'build' };
      }
      if (has('@sveltejs/adapter-node')) return { build: 'vite build', start: 'node build', port: 3000 };
      const named = manifest.package('@sveltejs/adapter-auto') ?? manifest.package('@sveltejs/kit');
      return {
        build: 'vite build',
        notes: [`${named?.source}: ${named?.value} builds nothing that runs by itself; @sveltejs/adapter-node does`],
      };
    },
  },
  {
    package: '@react-router/serve',
    name: 'react-router',
    way: () => ({
      build: 'react-router build',
      start: 'react-router-serve ./build/server/index.js',
      port: 3000,
    }),
  },
  {
    package: '@remix-run/serve',
    name: 'remix',
    way: ({ configuration }) => ({
      build: configuration('vite.config') ? 'remix vite:build' : 'remix build',
      start: `remix-serve ./build/${configuration('vite.config') ? 'server/' : ''}index.js`,
      port: 3000,
    }),
  },
  {
    package: 'astro',
    way: ({ has, configuration }) =>
      has('@astrojs/node') && /@astrojs\/node/.test(configuration('astro.config'))
        ? { build: 'astro build', start: 'env HOST=0.0.0.0 node ./dist/server/entry.mjs', port: 4321 }
        : { build: 'astro build', output: outputIn(configuration('astro.config')) ?? 'dist' },
  },
  {
    package: '@nestjs/core',
    way: ({ folder, has }) => ({
      ...(has('@nestjs/cli') ? { build: 'nest build' } : {}),
      start: folder.has('src/main.ts') ? 'node dist/main.js' : '',
      port: 3000,
    }),
  },
  ...['fastify', 'express', 'koa', 'hono', '@hapi/hapi', '@adonisjs/core', '@feathersjs/feathers', 'restify'].map(
    (name): Framework => ({ package: name, way: () => ({}) }),
  ),
  {
    package: '@angular/core',
    name: 'angular',
    way: ({ folder }) => ({ build: 'ng build', output: angularOutput(folder) }),
  },
  {
    package: 'react-scripts',
    name: 'create-react-app',
    way: () => ({ build: 'react-scripts build', output: 'build' }),
  },
];

const SERVERS = new Set([
  'fastify',
  'express',
  'koa',
  'hono',
  '@hapi/hapi',
  '@adonisjs/core',
  'restify',
  '@nestjs/core',
]);

/** What frameworks make of an app; undefined when it names none. */
export async function frameworkOf(folder: Folder, manifest: NodeManifest): Promise<FrameworkWay | undefined> {
  const ground: Ground = {
    folder,
    manifest,
    has: (name) => manifest.package(name) !== undefined,
    configuration: (stem) => {
      const path = ['.js', '.mjs', '.cjs', '.ts', '.mts']
        .map((ending) => `${stem}${ending}`)
        .find((name) => folder.has(name));
      return (path && folder.read(path)) ?? '';
    },
  };
  for (const framework of FRAMEWORKS) {
    const named = manifest.package(framework.package);
    // A server in the packages of development is a tool, a front end is often only there.
    if (!named || (SERVERS.has(framework.package) && !Object.hasOwn(manifest.dependencies, framework.package)))
      continue;
    return { name: framework.name ?? framework.package, source: named.source, ...framework.way(ground) };
  }
  return await frontEndOf(manifest, ground);
}

/** Front ends known to @vercel/frameworks: which package tells each, what builds it and where the pages land. */
async function frontEndOf(manifest: NodeManifest, ground: Ground): Promise<FrameworkWay | undefined> {
  const { frameworkList } = await import('@vercel/frameworks');
  for (const { slug, detectors, settings } of frameworkList) {
    const output = 'value' in settings.outputDirectory ? settings.outputDirectory.value : undefined;
    const wanted = [...(detectors?.every ?? []), ...(detectors?.some ?? [])];
    if (!slug || !output || output === 'N/A' || output.startsWith('.') || wanted.length === 0) continue;
    const names = wanted.flatMap((detector) => ('matchPackage' in detector ? (detector.matchPackage ?? []) : []));
    const every = (detectors?.every ?? []).every(
      (one) => 'matchPackage' in one && one.matchPackage && ground.has(one.matchPackage),
    );
    const [named] = names.flatMap((name) => manifest.package(name) ?? []);
    if (!named || !every) continue;
    const own = slug === 'vite' ? outputIn(ground.configuration('vite.config')) : undefined;
    const build = 'value' in settings.buildCommand ? settings.buildCommand.value : undefined;
    return { name: slug, source: named.source, output: own ?? output, ...(build ? { build } : {}) };
  }
  return undefined;
}

function outputIn(configuration: string): string | undefined {
  return /\boutDir\s*:\s*['"](?:\.\/)?([^'"]+)['"]/.exec(configuration)?.[1];
}

/** angular.json: the application builder puts the pages into `browser` below its output path. */
function angularOutput(folder: Folder): string {
  const text = folder.read('angular.json') ?? '';
  const project = /"projects"\s*:\s*\{\s*"([^"]+)"/.exec(text)?.[1] ?? 'app';
  const path = /"outputPath"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? `dist/${project}`;
  return /@angular(?:-devkit)?\/build(?:-angular)?:application/.test(text) ? `${path}/browser` : path;
}

export function isServerFramework(name: string): boolean {
  return SERVERS.has(name);
}
