import { UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { goRoutes } from './go-routes.ts';
import { goVariables } from './go-variables.ts';
import { uniqueRoutes } from './routes.ts';
import { runTimeFiles } from './run-time-files.ts';
import { existsBelow, factIn, sourceFact, sourceFiles, toolVersion } from './source-files.ts';
import type { Source } from './written-addresses.ts';

const DEFAULT_VERSION = '1.24';
/** Older ones have no image any more; a newer Go builds what was written for them (the promise of Go 1). */
const OLDEST_MINOR = 20;
const NOT_SERVING = /_test\.go$|(?:^|\/)(?:testdata|examples?|mocks?|tools|hack)\//;
const FRAMEWORKS: readonly (readonly [string, number])[] = [
  ['github.com/gin-gonic/gin', 8080],
  ['github.com/labstack/echo', 1323],
  ['github.com/gofiber/fiber', 3000],
  ['github.com/go-chi/chi', 3000],
  ['github.com/gorilla/mux', 8080],
];
const NATIVE =
  /^github\.com\/(?:mattn\/go-sqlite3|confluentinc\/confluent-kafka-go|h2non\/bimg|davidbyttow\/govips)(?:\/v\d+)?$/;
const SERVES = /\bListenAndServe(?:TLS)?\(|\.(?:Listen|Run|Start|StartTLS|RunTLS)\(|\bhttp\.Serve\(|\bnet\.Listen\(/;

export function isGo(folder: Folder): boolean {
  return folder.has('go.mod');
}

/** @throws UserError when several programs could serve, or none is there. */
export function readGo(folder: Folder): LanguageFacts {
  const sources = sourceFiles(folder, /\.go$/, NOT_SERVING, 'go');
  const packages = requirements(folder);
  const named = FRAMEWORKS.find(([name]) => packages.some(({ value }) => isModule(value, name)));
  const vendored = existsBelow(folder, 'vendor/modules.txt');
  const module = factIn(folder, 'go.mod', /^module\s+"?([^\s"]+)/m);
  const { version, note } = goVersion(folder);
  const programs = programsOf(sources);
  const names = new Map(programs.map((program) => [program.directory, programName(program.directory, module?.value)]));
  const serving = servingProgram(programs, names);
  const binary = serving && `bin/${names.get(serving.directory)}`;
  const native = packages.filter(({ value }) => NATIVE.test(value));
  const files = runTimeFiles(folder, sources, /\.go$|^go\.(?:mod|sum|work)$/);
  return {
    name: module && { value: lastPart(module.value), source: module.source },
    version: undefined,
    languageVersion: version,
    framework: frameworkOf(packages, named?.[0], sources),
    packageManager: vendored
      ? { value: 'go vendor', source: 'vendor/modules.txt' }
      : { value: 'go modules', source: 'go.mod' },
    manifestFiles: ['go.mod', 'go.sum'].filter((path) => folder.has(path)),
    packages,
    build: programs.length > 0 ? buildOf(programs, native.length > 0) : undefined,
    start() {
      if (serving && binary) return { value: `/app/${binary}`, source: serving.source };
      if (programs.length > 1) throw severalPrograms(programs, names);
      return undefined;
    },
    output: binary && serving ? { value: binary, source: serving.source } : undefined,
    migrate: migrationProgram(programs, names),
    appliesMigrations: sourceFact(sources, /\bgoose\.Up(?:Context)?\(|\bmigrate\.New\w*\(|\.AutoMigrate\(/),
    variables: [...goVariables(sources), ...ginPort(named?.[0], sources)],
    routes: uniqueRoutes(sources.flatMap(({ path, text }) => goRoutes(path, text))),
    sources,
    native,
    port: writtenPort(sources) ?? (named ? { value: named[1], source: 'default' } : undefined),
    runTimeFiles: files,
    notes: [
      ...note,
      ...loopbackNotes(sources),
      ...(packages.length > 0 && !vendored && !folder.has('go.sum')
        ? ['go.mod:1: no go.sum, so the build has nothing to verify modules by and stops; go mod tidy writes it']
        : []),
    ],
  };
}

/** A path of a module, whatever its major version: `github.com/labstack/echo/v4`. */
function isModule(path: string, module: string): boolean {
  return path === module || (path.startsWith(`${module}/v`) && /^\d+$/.test(path.slice(module.length + 2)));
}

function lastPart(module: string): string {
  return (
    module
      .replace(/\/v\d+$/, '')
      .split('/')
      .at(-1) ?? module
  );
}

function requirements(folder: Folder): Fact<string>[] {
  const lines = (folder.read('go.mod') ?? '').split('\n');
  let block = '';
  return lines.flatMap((line, index) => {
    const opened = /^(\w+)\s*\($/.exec(line.trim())?.[1];
    if (opened) block = opened;
    else if (line.trim() === ')') block = '';
    const found = /^\s*(?:require\s+)?"?([\w.~-]+\.[\w.~-]*\/?[\w./~-]*)"?\s+v\d\S*/.exec(line);
    const required = block === 'require' || /^\s*require\s/.test(line);
    if (!required || !found?.[1] || line.includes('// indirect')) return [];
    return [{ value: found[1], source: `go.mod:${index + 1}` }];
  });
}

function goVersion(folder: Folder): { version: Fact<string>; note: string[] } {
  const said =
    factIn(folder, 'go.mod', /^toolchain\s+go(\d+\.\d+)/m) ??
    factIn(folder, '.go-version', /(\d+\.\d+)/) ??
    toolVersion(folder, /golang|go/) ??
    factIn(folder, 'go.mod', /^go\s+(\d+\.\d+)/m);
  const short = /^(1)\.(\d+)/.exec(said?.value ?? '');
  if (!said || !short) return { version: { value: DEFAULT_VERSION, source: 'default' }, note: [] };
  if (Number(short[2]) >= OLDEST_MINOR) return { version: { value: short[0], source: said.source }, note: [] };
  return {
    version: { value: DEFAULT_VERSION, source: 'default' },
    note: [`${said.source}: Go ${short[0]} has no image any more; ${DEFAULT_VERSION} builds it, as Go 1 promises`],
  };
}

interface Program {
  readonly directory: string;
  /** `main.go:9`, where its function main stands. */
  readonly source: string;
  readonly texts: readonly string[];
}

/** The folders that hold a program, nearest to the top first. */
function programsOf(sources: readonly Source[]): Program[] {
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
function programName(directory: string, module: string | undefined): string {
  return directory === '' ? lastPart(module ?? 'app') : (directory.split('/').at(-1) ?? 'app');
}

const SERVER_NAMES = ['server', 'web', 'api', 'app', 'http', 'httpd', 'serve'];

function servingProgram(programs: readonly Program[], names: ReadonlyMap<string, string>): Program | undefined {
  if (programs.length === 1) return programs[0];
  const listening = programs.filter(({ texts }) => texts.some((text) => SERVES.test(text)));
  if (listening.length === 1) return listening[0];
  const candidates = listening.length > 0 ? listening : programs;
  const byName = candidates.filter(({ directory }) => SERVER_NAMES.includes(names.get(directory) ?? ''));
  return byName.length === 1 ? byName[0] : candidates.find(({ directory }) => directory === '');
}

function severalPrograms(programs: readonly Program[], names: ReadonlyMap<string, string>): UserError {
  const [first, second] = programs.map(({ directory, source }) => ({ name: names.get(directory), source }));
  return new UserError(
    first?.source ?? 'go.mod',
    `several programs could serve: ${first?.name} and ${second?.name} (${second?.source})`,
    `Choose in a Procfile (web: bin/${first?.name}) or in wherry.yaml (start: bin/${first?.name}).`,
  );
}

/** All programs are built, so that a Procfile or a migration can name any of them. */
function buildOf(programs: readonly Program[], native: boolean): Fact<string> {
  const folders = programs.map(({ directory }) => (directory === '' ? '.' : `./${directory}`));
  const flags = native
    ? `-tags netgo,osusergo -ldflags='-s -w -linkmode external -extldflags "-static"'`
    : `-ldflags='-s -w'`;
  return { value: `go build -trimpath ${flags} -o bin/ ${folders.join(' ')}`, source: programs[0]?.source ?? 'go.mod' };
}

/** A program of its own that brings the database along and asks for no arguments. */
function migrationProgram(programs: readonly Program[], names: ReadonlyMap<string, string>): Fact<string> | undefined {
  const program = programs.find(({ directory }) =>
    /^(?:migrate|migrations?|dbmigrate)$/.test(names.get(directory) ?? ''),
  );
  if (!program || program.texts.some((text) => /\bos\.Args\b|\bflag\.Args?\(/.test(text))) return undefined;
  return { value: `/app/bin/${names.get(program.directory)}`, source: program.source };
}

function frameworkOf(
  packages: readonly Fact<string>[],
  named: string | undefined,
  sources: readonly Source[],
): Fact<string> | undefined {
  const found = packages.find(({ value }) => named !== undefined && isModule(value, named));
  if (found && named) return { value: lastPart(named), source: found.source };
  for (const { path, text } of sources) {
    const index = text.search(/"net\/http"/);
    if (index !== -1 && SERVES.test(text)) return { value: 'net/http', source: placeOf(path, text, index) };
  }
  return undefined;
}

/** gin's Run() without an address listens where PORT says, else on 8080. */
function ginPort(framework: string | undefined, sources: readonly Source[]): LanguageFacts['variables'] {
  if (!framework?.endsWith('/gin')) return [];
  return sources.flatMap(({ path, text }) => {
    const index = text.search(/\b\w+\.Run\(\s*\)/);
    return index === -1 || !text.includes('gin.')
      ? []
      : [{ name: 'PORT', fallback: '8080', source: placeOf(path, text, index) }];
  });
}

const ADDRESS = String.raw`"(?:tcp:\/\/)?((?:[\w.-]+|\[[\da-f:]*\])?):(\d{2,5})"`;

function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  const patterns = [
    new RegExp(
      String.raw`(?:\bListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|\bnet\.Listen)\(\s*(?:"tcp",\s*)?${ADDRESS}`,
    ),
    new RegExp(String.raw`\bAddr:\s*${ADDRESS}`),
    new RegExp(String.raw`\b(?:flag|pflag)\.String(?:Var)?\([^)\n]*${ADDRESS}`),
    new RegExp(String.raw`\b\w*(?:[aA]ddr|[lL]isten|[bB]ind)\w*\s*(?::=|=)\s*${ADDRESS}`),
    /\b(?:flag|pflag)\.Int(?:Var)?\([^)\n]*()"(?:\w+-)?port"\s*,\s*(\d{2,5})\b/,
    /\b\w*[pP]ort\s*(?::=|=)\s*()"?:?(\d{2,5})\b"?/,
  ];
  for (const pattern of patterns) {
    for (const { path, text } of sources) {
      const match = pattern.exec(text);
      if (match) return { value: Number(match[2]), source: placeOf(path, text, match.index) };
    }
  }
  return undefined;
}

function loopbackNotes(sources: readonly Source[]): string[] {
  const pattern =
    /(?:\bListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen)\(\s*"(localhost|127\.0\.0\.1):|\bAddr:\s*"(localhost|127\.0\.0\.1):/;
  return sources.flatMap(({ path, text }) => {
    const match = pattern.exec(text);
    if (!match) return [];
    return [
      `${path}:${lineOf(text, match.index)}: the app listens on ${match[1] ?? match[2]}, where nothing outside its container reaches it; leave the host out (":8080")`,
    ];
  });
}
