// Runs tests: bundles the named test files and hands them to node's test runner.
//
//   node tools/test.mjs [FILE|FOLDER ...]   unit tests below src/ (or only those named)
//   node tools/test.mjs --e2e [FILE ...]    end-to-end tests below test/e2e (real containers; needs root)
//   node tools/test.mjs --all               set up what is missing, then checks, unit and end-to-end tests
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { walk } from './files.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
const SECOND_TRIES_MAX = 3;
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
  const { status, failed } = runTests(built, concurrency, outdir);
  let verdict = status;
  // On a crowded machine a test may fail for want of time. A few files get a second try, alone, and are named for it.
  if (status !== 0 && failed.length > 0 && failed.length <= SECOND_TRIES_MAX && flags.includes('--all')) {
    const names = failed.map((path) => relative(outdir, path).replace(/\.mjs$/, '.ts')).join(', ');
    console.log(`# failed once, run again alone: ${names}`);
    verdict = runTests(failed, 1, outdir).status;
    console.log(verdict === 0 ? `# unsteady, passed at the second try: ${names}` : `# failed twice: ${names}`);
  }
  rmSync(outdir, { recursive: true, force: true });
  if (verdict !== 0) process.exit(verdict ?? 1);
}

function runTests(built, concurrency, outdir) {
  const list = join(outdir, 'failed');
  const reporters = [
    [process.stdout.isTTY ? 'spec' : 'tap', 'stdout'],
    [join(root, 'tools/failed-files.mjs'), list],
  ].flatMap(([name, to]) => [`--test-reporter=${name}`, `--test-reporter-destination=${to}`]);
  const { status } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', `--test-concurrency=${concurrency}`, ...reporters, ...built],
    { stdio: 'inherit' },
  );
  const told = existsSync(list) ? readFileSync(list, 'utf8').split('\n') : [];
  // Told by the source where there is a map to it, else by what was run.
  const sourceOf = (path) => join(root, relative(outdir, path).replace(/\.mjs$/, '.ts'));
  return { status, failed: built.filter((path) => told.includes(path) || told.includes(sourceOf(path))) };
}

if (flags.includes('--all')) {
  await testFiles(files('src'), 2);
  await testFiles(files('test/e2e'), 1);
} else if (flags.includes('--e2e')) {
  await testFiles(files('test/e2e'), 1);
} else {
  await testFiles(files('src'), 2);
}
