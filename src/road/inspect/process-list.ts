import { readdirSync, readFileSync } from 'node:fs';

/** Every process with its parent; those that end meanwhile are left out. */
export function allProcesses(): { id: number; parent: number }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // proc(5): the name stands in parentheses and may hold any letter; the parent is the second field after it.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ id: Number(name), parent }];
    } catch {
      return [];
    }
  });
}
