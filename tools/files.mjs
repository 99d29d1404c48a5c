import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below a folder whose name passes, as full paths, sorted; node_modules is never entered. */
export function walk(folder, wanted) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...walk(path, wanted));
    else if (wanted(entry.name)) found.push(path);
  }
  return found.sort();
}
