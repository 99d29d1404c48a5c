import { parse as parseToml } from 'smol-toml';
import { messageOf, UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { uniqueRoutes } from './routes.ts';
import { runTimeFiles } from './run-time-files.ts';
import { rustRoutes } from './rust-routes.ts';
import { rustVariables } from './rust-variables.ts';
import { existsBelow, factIn, sourceFact, sourceFiles, toolVersion } from './source-files.ts';
import type { Source } from './written-addresses.ts';

const NOT_SERVING = /(?:^|\/)(?:tests|benches|examples|fuzz)\/|(?:^|\/)build\.rs$/;
const FRAMEWORKS: readonly (readonly [string, number | undefined])[] = [
  ['axum', undefined],
  ['actix-web', 8080],
  ['rocket', 8000],
  ['warp', 3030],
  ['poem', 3000],
  ['salvo', 5800],
  ['tide', 8080],
  ['hyper', undefined],
];
/** Crates that bind a library of the system; the lock file tells whether one is among them. */
const NATIVE = ['openssl-sys', 'pq-sys', 'mysqlclient-sys', 'rdkafka-sys', 'prost-build'];

interface Manifest {
  readonly path: string;
  readonly text: string;
  readonly table: Record<string, unknown>;
}

export function isRust(folder: Folder): boolean {
  return folder.has('Cargo.toml');
}

/** @throws UserError when Cargo.toml is broken, or several programs could serve. */
export function readRust(folder: Folder): LanguageFacts {
  const root = readManifest(folder, 'Cargo.toml');
  const members = root.table.package ? [root] : memberManifests(folder);
  const dependencies = members.flatMap((manifest) => dependenciesOf(manifest, root));
  const named = FRAMEWORKS.find(([name]) => dependencies.some(({ value }) => value === name));
  const framework = named && dependencies.find(({ value }) => value === named[0]);
  const sources = sourceFiles(folder, /\.rs$/, NOT_SERVING, 'rust');
  const programs = members.flatMap((manifest) => programsOf(folder, manifest));
  const serving = servingProgram(programs, sources);
  const vendored = existsBelow(folder, '.cargo/config.toml') && existsBelow(folder, 'vendor');
  const locked = folder.has('Cargo.lock');
  const main = members.find(({ path }) => path === serving?.manifest) ?? members[0] ?? root;
  const output = serving && `target/release/${serving.name}`;
  return {
    name: factIn(folder, main.path, /^\s*name\s*=\s*"([^"]+)"/m),
    version:
      factIn(folder, main.path, /^\s*version\s*=\s*"([^"]+)"/m) ??
      factIn(folder, 'Cargo.toml', /^\s*version\s*=\s*"([^"]+)"/m),
    languageVersion: rustVersion(folder),
    framework: framework && { value: framework.value, source: framework.source },
    packageManager: vendored
      ? { value: 'cargo vendor', source: '.cargo/config.toml' }
      : { value: 'cargo', source: 'Cargo.toml' },
    manifestFiles: ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'rust-toolchain'].filter((path) =>
      folder.has(path),
    ),
    packages: dependencies,
    build: serving && {
      value: `cargo build --release${locked ? ' --locked' : ''} --bin ${serving.name}`,
      source: serving.source,
    },
    start() {
      if (serving) return { value: `/app/${serving.name}`, source: serving.source };
      const [first, second] = programs;
      if (!first || !second) return undefined;
      throw new UserError(
        first.source,
        `several programs could serve: ${first.name} and ${second.name} (${second.source})`,
        'Say default-run = "NAME" in Cargo.toml, below [package].',
      );
    },
    output: output && serving ? { value: output, source: serving.source } : undefined,
    migrate: undefined,
    appliesMigrations: sourceFact(sources, /\bsqlx::migrate!|\bembed_migrations!|\bMigrator::up\(/),
    variables: [
      ...rustVariables(sources),
      ...(framework?.value === 'rocket' ? [{ name: 'ROCKET_PORT', fallback: '8000', source: framework.source }] : []),
    ],
    routes: uniqueRoutes(sources.flatMap(rustRoutes)),
    sources,
    native: nativeCrates(folder),
    port: writtenPort(sources) ?? (named?.[1] === undefined ? undefined : { value: named[1], source: 'default' }),
    runTimeFiles: runTimeFiles(folder, sources, /\.rs$|(?:^|\/)Cargo\.(?:toml|lock)$/).filter(
      ({ value }) => !/^(?:src|migrations)(?:\/|$)/.test(value),
    ),
    notes: [
      ...(locked
        ? []
        : ['Cargo.toml:1: no Cargo.lock, so every build may take other versions; cargo generate-lockfile writes it']),
      ...loopbackNotes(sources),
    ],
  };
}

function readManifest(folder: Folder, path: string): Manifest {
  const text = folder.read(path) ?? '';
  try {
    return { path, text, table: parseToml(text) };
  } catch (error) {
    const { line, column } = error as { line?: number; column?: number };
    const [first = ''] = messageOf(error).split('\n');
    throw new UserError(`${path}:${line ?? 1}:${column ?? 1}`, first, `Mend ${path} there.`, { cause: error });
  }
}

function memberManifests(folder: Folder): Manifest[] {
  return folder.paths.filter((path) => /^.+\/Cargo\.toml$/.test(path)).map((path) => readManifest(folder, path));
}

const tableOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** Crates by name; of crates that talk to one of several databases the feature is named too: `sqlx/postgres`. */
function dependenciesOf(manifest: Manifest, root: Manifest): Fact<string>[] {
  const shared = tableOf(tableOf(root.table.workspace).dependencies);
  return Object.entries(tableOf(manifest.table.dependencies)).flatMap(([name, value]) => {
    const index = manifest.text.search(
      new RegExp(`^\\s*(?:\\[dependencies\\.)?"?${name.replace(/[-]/g, '\\-')}"?\\s*(?:=|\\.|\\])`, 'm'),
    );
    const source = placeOf(manifest.path, manifest.text, Math.max(0, index) + 1);
    const features = [value, shared[name]].flatMap((entry) => {
      const listed = tableOf(entry).features;
      return Array.isArray(listed) ? listed.map(String) : [];
    });
    const databases = /^(?:sqlx|diesel|diesel-async|sea-orm|sqlx-core)$/.test(name)
      ? features.flatMap((feature) => /(?:^|-)(postgres|mysql)/.exec(feature)?.[1] ?? [])
      : [];
    return [
      { value: name, source },
      ...[...new Set(databases)].map((database) => ({ value: `${name}/${database}`, source })),
    ];
  });
}

function rustVersion(folder: Folder): Fact<string> {
  const pinned =
    factIn(folder, 'rust-toolchain.toml', /^\s*channel\s*=\s*"(\d+\.\d+)/m) ??
    factIn(folder, 'rust-toolchain', /(\d+\.\d+)/) ??
    toolVersion(folder, /rust/);
  if (pinned) return { value: /^\d+\.\d+/.exec(pinned.value)?.[0] ?? '1', source: pinned.source };
  // rust-version and edition say what is the least; the newest compiles all of them.
  const least =
    factIn(folder, 'Cargo.toml', /^\s*rust-version\s*=\s*"(\d+\.\d+)/m) ??
    factIn(folder, 'Cargo.toml', /^\s*edition\s*=\s*"(\d+)"/m);
  return { value: '1', source: least?.source ?? 'default' };
}

interface Program {
  readonly name: string;
  readonly manifest: string;
  /** The file of its main function. */
  readonly path: string;
  readonly source: string;
  readonly chosen: boolean;
}

function programsOf(folder: Folder, manifest: Manifest): Program[] {
  const directory = manifest.path.replace(/Cargo\.toml$/, '');
  const about = tableOf(manifest.table.package);
  const name = typeof about.name === 'string' ? about.name : 'app';
  const listed = Array.isArray(manifest.table.bin) ? manifest.table.bin.map(tableOf) : [];
  const paths = new Map<string, string>();
  if (folder.has(`${directory}src/main.rs`)) paths.set(`${directory}src/main.rs`, name);
  for (const path of folder.paths) {
    const below = path.startsWith(`${directory}src/bin/`) ? path.slice(`${directory}src/bin/`.length) : '';
    const program = /^(\w[\w-]*)(?:\.rs|\/main\.rs)$/.exec(below)?.[1];
    if (program) paths.set(path, program);
  }
  for (const bin of listed) {
    if (typeof bin.name === 'string')
      paths.set(typeof bin.path === 'string' ? `${directory}${bin.path}` : `${directory}src/main.rs`, bin.name);
  }
  return [...paths].map(([path, program]) => {
    const text = folder.read(path) ?? '';
    const main = Math.max(0, text.search(/\bfn\s+main\s*\(/));
    return {
      name: program,
      manifest: manifest.path,
      path,
      source: `${path}:${lineOf(text, main)}`,
      chosen: about['default-run'] === program,
    };
  });
}

const SERVES =
  /\baxum::serve\b|\bHttpServer::new\b|#\[(?:rocket::)?launch\]|\brocket::build\(|\bwarp::serve\b|\bTcpListener::bind\(|\bServer::(?:bind|new)\b/;

function servingProgram(programs: readonly Program[], sources: readonly Source[]): Program | undefined {
  if (programs.length === 1) return programs[0];
  const chosen = programs.filter((program) => program.chosen);
  if (chosen.length === 1) return chosen[0];
  const serving = programs.filter(({ path }) =>
    SERVES.test(sources.find((source) => source.path === path)?.text ?? ''),
  );
  return serving.length === 1 ? serving[0] : undefined;
}

function nativeCrates(folder: Folder): Fact<string>[] {
  const text = folder.read('Cargo.lock') ?? '';
  return NATIVE.flatMap((name) => {
    const index = text.indexOf(`\nname = "${name}"`);
    return index === -1 ? [] : [{ value: name, source: `Cargo.lock:${lineOf(text, index + 1)}` }];
  });
}

const PORTS = [
  /\bbind\(\s*\(?\s*"(?:[\w.]+|\[[\da-f:]*\])(?::|"\s*,\s*)(\d{2,5})/,
  /\bSocketAddr(?:V4)?::(?:from|new)\([^;]*?\]?\s*,\s*(\d{2,5})\s*\)/,
  /\.run\(\s*\(\s*\[[\d,\s]+\]\s*,\s*(\d{2,5})\s*\)/,
  /"(?:0\.0\.0\.0|\[::\]|127\.0\.0\.1|localhost):(\d{2,5})"/,
];

function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  for (const pattern of PORTS) {
    for (const { path, text } of sources) {
      const match = pattern.exec(text);
      if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
    }
  }
  return undefined;
}

function loopbackNotes(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const match = /\bbind\(\s*\(?\s*"(127\.0\.0\.1|localhost)|\[\s*(127\s*,\s*0\s*,\s*0\s*,\s*1)\s*\]\s*,\s*\d/.exec(
      text,
    );
    if (!match) return [];
    return [
      `${placeOf(path, text, match.index)}: the app listens on loopback, where nothing outside its container reaches it; bind 0.0.0.0`,
    ];
  });
}
