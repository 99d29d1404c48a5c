// Bundles the command line (dist/wherry.mjs) and the public face (dist/index.mjs). Native packages stay outside.
import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ensureGenerated } from './generated.mjs';

export const options = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  loader: { '.data': 'text' },
  external: [
    'rfc6902',
    'smol-toml',
    'croner',
    'dns-packet',
    'semver',
    'tar-stream',
    'dockerfile-ast',
    '@balena/dockerignore',
    '@marcbachmann/cel-js',
    'chokidar',
    '@clack/prompts',
    'lmdb',
    '@lydell/node-pty',
    '@vercel/frameworks',
    '@kubernetes/client-node',
    'playwright-core',
    'esbuild',
  ],
  // One file loads faster than a hundred: of packages that have both, the form of ES modules is bundled.
  mainFields: ['module', 'main'],
  alias: { yaml: join(import.meta.dirname, '../node_modules/yaml/browser/index.js') },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
};

const root = join(import.meta.dirname, '..');
if (process.argv[1] === import.meta.filename) {
  ensureGenerated();
  forgetOldChunks(join(root, 'dist/chunks'));
  await build({
    ...options,
    entryPoints: { wherry: join(root, 'src/cli/main.ts'), index: join(root, 'src/index.ts') },
    outdir: join(root, 'dist'),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
  });
  chmodSync(join(root, 'dist/wherry.mjs'), 0o755);
}

/** A running engine loads parts of itself when they are first needed, so the chunks of the last days stay; their names are hashes. */
function forgetOldChunks(folder) {
  const oldest = Date.now() - 7 * 24 * 3600 * 1000;
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (statSync(join(folder, name)).mtimeMs < oldest) rmSync(join(folder, name));
  }
}
