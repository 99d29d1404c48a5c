import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';

/** A process type of the Procfile (`web`, `release`); undefined when the file or the line is not there. */
export function procfileEntry(folder: Folder, type: string): Fact<string> | undefined {
  const lines = folder.read('Procfile')?.split('\n') ?? [];
  for (const [index, line] of lines.entries()) {
    const match = /^([A-Za-z0-9_-]+):\s*(.+?)\s*$/.exec(line);
    if (match?.[1] === type && match[2]) return { value: match[2], source: `Procfile:${index + 1}` };
  }
  return undefined;
}
