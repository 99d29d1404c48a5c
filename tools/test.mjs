// Runs tests: bundles the named test files and hands them to node's test runner.
//
//   node tools/test.mjs [FILE|FOLDER ...]   unit tests below src/ (or only those named)
//   node tools/test.mjs --e2e [FILE ...]    end-to-end tests below test/e2e (real containers; needs root)
//   node tools/test.mjs --all               set up what is missing, then checks, unit and end-to-end tests
import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { walk } from './files.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const run = (command, args, env = {}) => {
  const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.status !== 0) process.exit(result.status ?? 1);
};

if (flags.includes('--all')) {
  const { setUp } = await import('./set-up.mjs');
  await setUp({ forTests: true });
  run(process.execPath, ['tools/check.mjs']);
  run(process.execPath, ['tools/build.mjs']);
}
const isTest = (name) => name.endsWith('.test.ts');
const below = (path) => (statSync(path).isDirectory() ? walk(path, isTest) : [path]);
const files = (suite) =>
  named.length > 0 ? named.flatMap((path) => below(resolve(path))) : walk(join(root, suite), isTest);

async function testFiles(paths, concurrency) {
  if (paths.length === 0) return;
  const { build } = await import('esbuild');
  const { options } = await import('./build.mjs');
  const { ensureGenerated } = await import('./generated.mjs');
  ensureGenerated();
  const outdir = join(root, 'build/tests', String(process.pid));
  await build({
    ...options,
    entryPoints: paths,
    outbase: root,
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    banner: {},
    sourcemap: 'inline',
  });
  const built = paths.map((path) => join(outdir, relative(root, path).replace(/\.ts$/, '.mjs')));
  const result = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', `--test-concurrency=${concurrency}`, ...built],
    { stdio: 'inherit' },
  );
  rmSync(outdir, { recursive: true, force: true });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (flags.includes('--all')) {
  await testFiles(files('src'), 2);
  await testFiles(files('test/e2e'), 1);
} else if (flags.includes('--e2e')) {
  await testFiles(files('test/e2e'), 1);
} else {
  await testFiles(files('src'), 2);
}
