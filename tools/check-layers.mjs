// Refuses an import that does not point down, reaches past a folder's index.ts, or a permission that nobody uses.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { walk } from './files.mjs';
import { LAYERS } from './layers.mjs';

const root = join(import.meta.dirname, '../src');
const rooms = Object.keys(LAYERS).sort((a, b) => b.length - a.length);
const roomOf = (file) => rooms.find((room) => file.startsWith(`${room}/`));
const faults = [];
const used = new Set();
const files = walk(root, (name) => name.endsWith('.ts')).map((file) => relative(root, file));
for (const file of files) {
  if (file.endsWith('.d.ts')) continue;
  const room = roomOf(file);
  const text = readFileSync(join(root, file), 'utf8');
  if (!room) {
    if (file !== 'index.ts') faults.push(`src/${file}: stands in no folder of tools/layers.mjs`);
    continue;
  }
  if (file.endsWith('.test.ts')) continue;
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = normalize(join(dirname(file), match[1]));
    const targetRoom = roomOf(target);
    if (targetRoom === room) continue;
    const line = text.slice(0, match.index).split('\n').length;
    const at = `src/${file}:${line}`;
    if (!targetRoom) {
      if (!target.startsWith('data'))
        faults.push(`${at}: imports ${target}, which stands in no folder of tools/layers.mjs`);
    } else if (!LAYERS[room].includes(targetRoom)) {
      faults.push(`${at}: ${room} may not import ${targetRoom} (tools/layers.mjs)`);
    } else {
      used.add(`${room} > ${targetRoom}`);
      if (target !== `${targetRoom}/index.ts`) faults.push(`${at}: import ${targetRoom}/index.ts, not ${target}`);
    }
  }
}
for (const [room, allowed] of Object.entries(LAYERS)) {
  for (const target of allowed) {
    if (!used.has(`${room} > ${target}`))
      faults.push(`tools/layers.mjs: ${room} never imports ${target}; take the permission away`);
  }
}
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`layers: ${files.length} files in ${rooms.length} folders, imports point down`);
