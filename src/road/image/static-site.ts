import type { Facts } from '../project/index.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { nginxStage } from './nginx.ts';
import { debianLines, gemsStage } from './ruby.ts';
import { dockerignore, heading } from './shared-lines.ts';

/** Folders that generators write; made again in the image. */
const MADE = ['public', '_site', 'site', 'resources/_gen', '.jekyll-cache', '.hugo_build.lock'];

/** A generator's pages are made in a stage of their own; written pages are copied as they are. */
export function staticSiteDockerfile(facts: Facts): GeneratedDockerfile {
  const output = facts.output?.value ?? '.';
  const build = buildStage(facts);
  const source = output === '.' ? '' : output;
  const copy =
    build.length > 0
      ? [`COPY --from=build /src/${source} /usr/share/nginx/html`]
      : [
          `# pages: ${facts.output?.source ?? 'the folder'}`,
          `COPY ${output === '.' ? '.' : `${output}/`} /usr/share/nginx/html/`,
        ];
  const lines = [...heading(facts), ...build, ...nginxStage(facts, { copy, singlePage: false })];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore([
      'node_modules',
      'wherry.yaml',
      'Procfile',
      'README*',
      ...(build.length > 0 ? MADE : []),
    ]),
    notes: [],
  };
}

function buildStage(facts: Facts): string[] {
  const { build, framework } = facts;
  if (!build) return [];
  const made = ['COPY . .', `# build: ${build.source}`, `RUN ${build.value}`, ''];
  const apt = (packages: string): string =>
    `apt-get update && apt-get install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/*`;
  const title = `# ${framework?.value ?? 'build'}: ${framework?.source ?? 'default'}`;
  switch (framework?.value) {
    case 'hugo':
      return [
        title,
        'FROM debian:trixie-slim AS build',
        `RUN ${apt('ca-certificates git hugo')}`,
        'WORKDIR /src',
        ...made,
      ];
    case 'jekyll':
      return facts.manifestFiles.includes('Gemfile')
        ? [
            title,
            ...gemsStage(facts, 'ruby:3.3-slim-bookworm', 'build'),
            'COPY . .',
            ...debianLines(facts),
            ...made.slice(1),
          ]
        : [title, 'FROM debian:trixie-slim AS build', `RUN ${apt('jekyll')}`, 'WORKDIR /src', ...made];
    case 'mkdocs':
      return facts.manifestFiles.includes('requirements.txt')
        ? [
            title,
            'FROM python:3.13-slim-bookworm AS build',
            'WORKDIR /src',
            'COPY requirements.txt ./',
            'RUN pip --retries 1 install --no-cache-dir -r requirements.txt \\',
            ` || { echo "the packages of requirements.txt are in no index in reach: Debian's packages instead: ${mkdocsPackages(facts)}" && ${apt(mkdocsPackages(facts))}; }`,
            ...made,
          ]
        : [title, 'FROM debian:trixie-slim AS build', `RUN ${apt('mkdocs')}`, 'WORKDIR /src', ...made];
    default:
      return ['FROM debian:trixie-slim AS build', 'WORKDIR /src', ...made];
  }
}

/** Themes and plug-ins have the same names in Debian; what else is asked for comes with them. */
function mkdocsPackages(facts: Facts): string {
  const named = facts.packages.map(({ value }) => value).filter((name) => name.startsWith('mkdocs'));
  return [...new Set(['mkdocs', ...named])].join(' ');
}
