import { UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import { placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** What waits for requests. */
export const SERVES =
  /\bListenAndServe(?:TLS)?\(|\.(?:Listen|Run|Start|StartTLS|RunTLS)\(|\bhttp\.Serve\(|\bnet\.Listen\(/;

/** A folder with package main and func main(). */
export interface Program {
  readonly directory: string;
  /** `main.go:9`, where its function main stands. */
  readonly source: string;
  readonly texts: readonly string[];
}

/** The folders that hold a program, nearest to the top first. */
export function programsOf(sources: readonly Source[]): Program[] {
  const directoryOf = (path: string): string => path.split('/').slice(0, -1).join('/');
  return sources.flatMap(({ path, text }) => {
    const main = /^func\s+main\s*\(\s*\)/m.exec(text);
    if (!main || !/^package\s+main\b/m.test(text)) return [];
    const directory = directoryOf(path);
    const texts = sources.filter((other) => directoryOf(other.path) === directory).map((other) => other.text);
    return [{ directory, source: placeOf(path, text, main.index), texts }];
  });
}

/** As `go build -o folder/` names it: after the program's folder, at the top after the module. */
export function programName(directory: string, module: string | undefined): string {
  return directory === '' ? lastPart(module ?? 'app') : (directory.split('/').at(-1) ?? 'app');
}

const SERVER_NAMES = ['server', 'web', 'api', 'app', 'http', 'httpd', 'serve'];

export function servingProgram(programs: readonly Program[], names: ReadonlyMap<string, string>): Program | undefined {
  if (programs.length === 1) return programs[0];
  const listening = programs.filter(({ texts }) => texts.some((text) => SERVES.test(text)));
  if (listening.length === 1) return listening[0];
  const candidates = listening.length > 0 ? listening : programs;
  const byName = candidates.filter(({ directory }) => SERVER_NAMES.includes(names.get(directory) ?? ''));
  return byName.length === 1 ? byName[0] : candidates.find(({ directory }) => directory === '');
}

export function severalPrograms(programs: readonly Program[], names: ReadonlyMap<string, string>): UserError {
  const [first, second] = programs.map(({ directory, source }) => ({ name: names.get(directory), source }));
  return new UserError(
    first?.source ?? 'go.mod',
    `several programs could serve: ${first?.name} and ${second?.name} (${second?.source})`,
    `Choose in a Procfile (web: bin/${first?.name}) or in wherry.yaml (start: bin/${first?.name}).`,
  );
}

/** All programs are built, so that a Procfile or a migration can name any of them. */
export function buildOf(programs: readonly Program[], native: boolean): Fact<string> {
  const folders = programs.map(({ directory }) => (directory === '' ? '.' : `./${directory}`));
  const flags = native
    ? `-tags netgo,osusergo -ldflags='-s -w -linkmode external -extldflags "-static"'`
    : `-ldflags='-s -w'`;
  return { value: `go build -trimpath ${flags} -o bin/ ${folders.join(' ')}`, source: programs[0]?.source ?? 'go.mod' };
}

/** A program of its own that brings the database along and asks for no arguments. */
export function migrationProgram(
  programs: readonly Program[],
  names: ReadonlyMap<string, string>,
): Fact<string> | undefined {
  const program = programs.find(({ directory }) =>
    /^(?:migrate|migrations?|dbmigrate)$/.test(names.get(directory) ?? ''),
  );
  if (!program || program.texts.some((text) => /\bos\.Args\b|\bflag\.Args?\(/.test(text))) return undefined;
  return { value: `/app/bin/${names.get(program.directory)}`, source: program.source };
}

/** The last name of a module's path, its major version left out: `orders` of `example.com/orders/v2`. */
export function lastPart(module: string): string {
  return (
    module
      .replace(/\/v\d+$/, '')
      .split('/')
      .at(-1) ?? module
  );
}
