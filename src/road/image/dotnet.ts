import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

/** The only images of the SDK are its maker's own, in its maker's registry. */
const MAKER = ['mcr', 'microsoft', 'com'].join('.');

/** Restore by the project files alone (kept until they change), publish, and the runtime without the SDK. */
export function dotnetDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, build } = facts;
  if (!version || !start || !build) throw new Error('a .NET app without version, build or start has no Dockerfile');
  const runtime = facts.framework?.value === 'aspnetcore' ? 'aspnet' : 'runtime';
  const project = /\bdotnet publish (\S+)/.exec(build.value)?.[1];
  const packages = '--mount=type=cache,target=/root/.nuget/packages';
  const lines = [
    ...heading(facts),
    `# .NET ${version.value}: ${version.source}`,
    `FROM ${MAKER}/dotnet/sdk:${version.value} AS build`,
    'WORKDIR /src',
    'ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1',
    `# nuget: ${facts.packageManager?.source ?? 'default'}`,
    ...copies(facts.manifestFiles),
    ...(project === undefined
      ? []
      : [
          `RUN ${packages} dotnet restore ${project} \\`,
          ' || { echo "the packages could not be restored; where lines above say NU1301, no package index is in reach" >&2; exit 1; }',
        ]),
    'COPY . .',
    `# build: ${build.source}`,
    `RUN ${packages} ${build.value}`,
    '',
    `FROM ${MAKER}/dotnet/${runtime}:${version.value}`,
    'WORKDIR /app',
    `ENV ASPNETCORE_HTTP_PORTS=${facts.port.value} DOTNET_gcServer=0`,
    `COPY --from=build ${facts.output?.value ?? '/out'} ./`,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(start.value)}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore(['**/bin', '**/obj', '.vs', '**/*.user', 'appsettings.Development.json']),
    notes: [],
  };
}

/** Each folder's files by a line, to where they were. */
function copies(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].map(([folder, names]) => `COPY ${names.join(' ')} ./${folder}`);
}
