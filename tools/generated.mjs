import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Makes the files that are generated at build time, where they are missing or older than what they come from. */
export function ensureGenerated() {
  const made = join(root, 'src/engine/api/generated/descriptions.data');
  const source = join(root, 'node_modules/@kubernetes/client-node/package.json');
  const generator = join(root, 'tools/generate-descriptions.mjs');
  const newest = Math.max(statSync(source).ctimeMs, statSync(generator).mtimeMs);
  if (existsSync(made) && statSync(made).mtimeMs >= newest) return;
  const result = spawnSync(process.execPath, [generator], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
