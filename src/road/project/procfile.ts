import { UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';

export const PROCFILE = 'Procfile';

/** Every process type of the Procfile with its command, in order; empty when there is none. */
export type Processes = ReadonlyMap<string, Fact<string>>;

/**
 * Reads the Procfile: a line a process, `TYPE: COMMAND`.
 * @throws UserError `Procfile:LINE: fault` for a line that is none, a type without a command, a type said twice.
 */
export function readProcfile(folder: Folder): Processes {
  const found = new Map<string, Fact<string>>();
  const lines = folder.read(PROCFILE)?.split('\n') ?? [];
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const source = `${PROCFILE}:${index + 1}`;
    const match = /^\s*([A-Za-z0-9_-]+)\s*:\s*(.*?)\s*$/.exec(line);
    if (!match?.[1]) {
      throw new UserError(
        source,
        `not a process: ${JSON.stringify(line.trim())}`,
        'A line says TYPE: COMMAND, like web: node server.js',
      );
    }
    const [, type, command = ''] = match;
    if (command === '')
      throw new UserError(source, `${type} has no command`, `Say it after the colon: ${type}: node server.js`);
    const earlier = found.get(type);
    if (earlier) throw new UserError(source, `${type} is said twice (${earlier.source})`, 'Leave one of the two.');
    found.set(type, { value: command, source });
  }
  return found;
}
