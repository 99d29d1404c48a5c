import { existsSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../base/index.ts';
import { type Facts, readProject } from '../project/index.ts';

const SIGNS =
  /^(?:package\.json|requirements\.txt|pyproject\.toml|Pipfile|setup\.py|manage\.py|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|Gemfile|config\.ru|composer\.json|Cargo\.toml|Dockerfile|Procfile|wherry\.yaml|[\w.-]+\.csproj)$/;
const SYSTEMS_OWN =
  /^\/(?:$|usr(?:\/(?!local\/|src\/|share\/)|$)|bin|sbin|lib\w*|etc|dev|proc|sys|run|boot|tmp$|home$|root$|var$|opt$|srv$)/;
const LEVELS_MAX = 4;

/** Where to begin to look. */
export interface Candidate {
  readonly path: string;
  readonly source: string;
  /** A file in it that is run. */
  readonly script?: string;
}

export interface AppFolder {
  readonly directory: string;
  readonly source: string;
  /** What its files say; undefined where they are no app that is known. */
  readonly facts: Facts | undefined;
  /** Why not. */
  readonly note: string | undefined;
}

/**
 * The folder that a process was made from: of its script, its working directory, its program, and what lies above them,
 * the first that holds an app's files.
 */
export async function appFolderOf(
  candidates: readonly Candidate[],
  workingDirectory: string,
): Promise<AppFolder | undefined> {
  const starts = candidates.map(({ path, source, script }) => ({
    directory: isAbsolute(path) ? path : resolve(workingDirectory, path),
    source,
    script,
  }));
  for (const { directory: start, source, script } of starts) {
    let directory = start;
    for (let level = 0; level < LEVELS_MAX && !SYSTEMS_OWN.test(directory); level++, directory = dirname(directory)) {
      if (!holdsSign(directory, level === 0 ? script : undefined)) continue;
      try {
        const facts = await readProject(directory);
        return { directory: facts.directory, source, facts, note: undefined };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { directory, source, facts: undefined, note: `${error.place}: ${error.fault}` };
      }
    }
  }
  const [first] = starts.filter(({ directory }) => !SYSTEMS_OWN.test(directory) && existsSync(directory));
  return first && { directory: first.directory, source: first.source, facts: undefined, note: undefined };
}

/** A Python script needs no manifest beside it. */
function holdsSign(directory: string, script: string | undefined): boolean {
  try {
    return readdirSync(directory).some((name) => SIGNS.test(name) || (name === script && name.endsWith('.py')));
  } catch {
    return false;
  }
}

/** Where a file lies, for a folder to begin at. */
export function folderOf(path: string, workingDirectory: string): string {
  return dirname(isAbsolute(path) ? path : join(workingDirectory, path));
}
