// Sets up what is missing, then carries the sample app: its last line is the URL that answers.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setUp } from './set-up.mjs';

await setUp({ forTests: false });
const root = join(import.meta.dirname, '..');
const result = spawnSync(join(root, 'wherry'), ['up', join(root, 'examples/users')], { stdio: 'inherit' });
process.exit(result.status ?? 1);
