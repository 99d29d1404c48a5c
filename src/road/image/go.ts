import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

const MODULES = '--mount=type=cache,target=/go/pkg/mod';
const OBJECTS = '--mount=type=cache,target=/root/.cache/go-build';

/**
 * One stage builds static programs; the image holds them, the certificates of public authorities, the time zones and a
 * shell of a few megabytes, which hooks, migrations and a look inside need.
 */
export function goDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, build, output } = facts;
  if (!version || !start || !build) throw new Error('a Go app without version, build or start has no Dockerfile');
  const vendored = facts.packageManager?.value === 'go vendor';
  const programs = output?.value.split('/').slice(0, -1).join('/') || 'bin';
  const lines = [
    ...heading(facts),
    `# Go ${version.value}: ${version.source}`,
    `FROM golang:${version.value}-bookworm AS build`,
    'WORKDIR /src',
    ...(facts.native.length > 0
      ? [
          `# ${facts.native.map((fact) => `${fact.value} (${fact.source})`).join(', ')}: in C, linked in whole`,
          'ENV CGO_ENABLED=1',
        ]
      : ['ENV CGO_ENABLED=0']),
    ...(vendored || facts.packages.length === 0
      ? []
      : [
          `# modules: ${facts.packageManager?.source ?? 'go.mod'}`,
          `COPY ${facts.manifestFiles.join(' ')} ./`,
          `RUN ${MODULES} go mod download \\`,
          ' || { echo "the modules of go.mod could not be fetched from $(go env GOPROXY): out of reach? go mod vendor puts them into the folder, then nothing is fetched" >&2; exit 1; }',
        ]),
    'COPY . .',
    `# build: ${build.source}`,
    `RUN ${MODULES} ${OBJECTS} ${build.value}`,
    '',
    'FROM busybox:1.36',
    'WORKDIR /app',
    `ENV PATH=/app/${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    'COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/',
    'COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo',
    ...(facts.runTimeFiles ?? []).flatMap(({ value, source }) => [
      `# read while it runs: ${source}`,
      `COPY --from=build /src/${value} ./${value}`,
    ]),
    `COPY --from=build /src/${programs} ./${programs}`,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(start.value)}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore(['bin', '*.test', '*.out', '*_test.go']),
    notes: [],
  };
}
