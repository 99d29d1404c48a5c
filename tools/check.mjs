// Types, lint and layers, in that order; the first that fails ends the run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
for (const [command, ...args] of [
  [bin('tsc'), '--noEmit'],
  [bin('biome'), 'check', '--error-on-warnings', '--diagnostic-level=warn'],
  [process.execPath, 'tools/check-layers.mjs'],
]) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
