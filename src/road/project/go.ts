import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { loopbackNotes, writtenPort } from './go-port.ts';
import {
  buildOf,
  lastPart,
  migrationProgram,
  programName,
  programsOf,
  SERVES,
  servingProgram,
  severalPrograms,
} from './go-programs.ts';
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
