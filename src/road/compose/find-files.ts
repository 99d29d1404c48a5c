import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../../base/index.ts';

/** Names that compose looks for, best first. */
export const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

export interface FoundFiles {
  /** Full paths, in the order they are laid over each other. */
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

/**
 * The files of a project: those named, else those of COMPOSE_FILE, else the folder's own with its override.
 * @throws UserError that says what was looked for
 */
export function findFiles(
  named: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
): FoundFiles {
  if (named.length > 0) {
    const paths = named.map((path) => resolve(path));
    return { paths, notes: overrideNote(paths) };
  }
  const fromEnvironment = environment.COMPOSE_FILE;
  if (fromEnvironment) {
    const separator = environment.COMPOSE_PATH_SEPARATOR || ':';
    return { paths: fromEnvironment.split(separator).map((path) => resolve(directory, path)), notes: [] };
  }
  const main = COMPOSE_NAMES.find((name) => existsSync(join(directory, name)));
  if (main === undefined) {
    throw new UserError(
      directory,
      `no compose file: looked for ${COMPOSE_NAMES.join(', ')}`,
      'Name it: wherry convert path/to/compose.yaml',
    );
  }
  const override = overrideBeside(directory);
  return { paths: [join(directory, main), ...(override ? [override] : [])], notes: [] };
}

function overrideBeside(directory: string): string | undefined {
  const names = COMPOSE_NAMES.map((name) => name.replace(/\.(ya?ml)$/, '.override.$1'));
  return names.map((name) => join(directory, name)).find((path) => existsSync(path));
}

function overrideNote(paths: readonly string[]): string[] {
  const [first] = paths;
  const override = first !== undefined && paths.length === 1 ? overrideBeside(dirname(first)) : undefined;
  if (override === undefined || override === first) return [];
  return [
    `${override.split('/').at(-1)} lies beside and was not read, since a file was named; name both to lay it over`,
  ];
}
