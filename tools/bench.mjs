// Measures wherry on this machine: npm run bench [-- --json FILE] [--only NAME].
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { options } from './build.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
const built = spawnSync(process.execPath, ['tools/build.mjs'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
await build({
  ...options,
  entryPoints: ['bench/bench.ts'],
  outdir: 'build/bench',
  outExtension: { '.js': '.mjs' },
  packages: 'external',
  banner: {},
});
const result = spawnSync(process.execPath, ['build/bench/bench.mjs', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
