import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

/** What a crate is compiled with, and what the program needs when it runs. */
const LIBRARIES: Readonly<Record<string, { readonly build: readonly string[]; readonly run: readonly string[] }>> = {
  'openssl-sys': { build: ['libssl-dev', 'pkg-config'], run: ['libssl3'] },
  'pq-sys': { build: ['libpq-dev'], run: ['libpq5'] },
  'mysqlclient-sys': { build: ['default-libmysqlclient-dev'], run: ['libmariadb3'] },
  'rdkafka-sys': { build: ['build-essential', 'cmake'], run: ['zlib1g'] },
  'prost-build': { build: ['protobuf-compiler'], run: [] },
};
const REGISTRY = '--mount=type=cache,target=/usr/local/cargo/registry';

/** The program is linked to its system's C library, so both stages stand on the same release of Debian. */
export function rustDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, build, output } = facts;
  if (!version || !start || !build || !output)
    throw new Error('a Rust app without version, build or start has no Dockerfile');
  const minor = Number(version.value.split('.')[1]);
  // The images of versions before 1.89 end with the older release.
  const suite = version.value === '1' || minor >= 89 ? 'trixie' : 'bookworm';
  const libraries = facts.native.flatMap(({ value }) => LIBRARIES[value] ?? []);
  const apt = (packages: readonly string[]): string =>
    `RUN apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} && rm -rf /var/lib/apt/lists/*`;
  const name = output.value.split('/').at(-1) ?? 'app';
  const rename = (library: string): string => (suite === 'trixie' && library === 'libssl3' ? 'libssl3t64' : library);
  const lines = [
    ...heading(facts),
    `# Rust ${version.value}: ${version.source}`,
    `FROM rust:${version.value}-slim-${suite} AS build`,
    'WORKDIR /src',
    ...(facts.native.length > 0
      ? [
          `# ${facts.native.map(({ value, source }) => `${value} (${source})`).join(', ')}`,
          apt(libraries.flatMap((library) => library.build)),
        ]
      : []),
    'COPY . .',
    ...(facts.packageManager?.value === 'cargo vendor' || facts.packages.length === 0
      ? []
      : [
          `# crates: ${facts.packageManager?.source ?? 'Cargo.toml'}`,
          `RUN ${REGISTRY} cargo fetch \\`,
          ' || { echo "the crates of Cargo.toml could not be fetched: is the crate index in reach? cargo vendor puts them into the folder, then nothing is fetched" >&2; exit 1; }',
        ]),
    `# build: ${build.source}`,
    // Crates and what was compiled of them are kept between builds, which spares more than a stage of manifests would.
    `RUN ${REGISTRY} --mount=type=cache,target=/src/target ${build.value} && cp ${output.value} /${name}`,
    '',
    `FROM debian:${suite}-slim`,
    apt(['ca-certificates', ...libraries.flatMap((library) => library.run.map(rename))]),
    'WORKDIR /app',
    ...(facts.framework?.value === 'rocket' ? ['ENV ROCKET_ADDRESS=0.0.0.0'] : []),
    ...(facts.runTimeFiles ?? []).flatMap(({ value, source }) => [
      `# read while it runs: ${source}`,
      `COPY --from=build /src/${value} ./${value}`,
    ]),
    // A command of the author's own may name it where cargo leaves it.
    `COPY --from=build /${name} ./${start.value.includes(output.value) ? output.value : name}`,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(start.value)}`,
  ];
  return { text: `${lines.join('\n')}\n`, dockerignore: dockerignore(['target']), notes: [] };
}
