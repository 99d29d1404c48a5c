import { messageOf, UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { toml } from './packages.ts';
import { uniqueRoutes } from './routes.ts';
import { runTimeFiles } from './run-time-files.ts';
import { loopbackNotes, writtenPort } from './rust-port.ts';
import { type Manifest, programsOf, servingProgram, tableOf } from './rust-programs.ts';
import { rustRoutes } from './rust-routes.ts';
import { rustVariables } from './rust-variables.ts';
import { existsBelow, factIn, sourceFact, sourceFiles, toolVersion } from './source-files.ts';

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
    return { path, text, table: toml().parse(text) };
  } catch (error) {
    const { line, column } = error as { line?: number; column?: number };
    const [first = ''] = messageOf(error).split('\n');
    throw new UserError(`${path}:${line ?? 1}:${column ?? 1}`, first, `Mend ${path} there.`, { cause: error });
  }
}

function memberManifests(folder: Folder): Manifest[] {
  return folder.paths.filter((path) => /^.+\/Cargo\.toml$/.test(path)).map((path) => readManifest(folder, path));
}

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

function nativeCrates(folder: Folder): Fact<string>[] {
  const text = folder.read('Cargo.lock') ?? '';
  return NATIVE.flatMap((name) => {
    const index = text.indexOf(`\nname = "${name}"`);
    return index === -1 ? [] : [{ value: name, source: `Cargo.lock:${lineOf(text, index + 1)}` }];
  });
}
