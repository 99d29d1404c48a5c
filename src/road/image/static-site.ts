import type { Facts } from '../project/index.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { nginxStage } from './nginx.ts';
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

const OUT_OF_REACH = (what: string): string => `|| { echo "${what}" >&2; exit 1; }`;

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
            'FROM ruby:3.3-slim-bookworm AS build',
            `RUN ${apt('build-essential git')}`,
            'WORKDIR /src',
            `COPY ${facts.manifestFiles.join(' ')} ./`,
            `RUN bundle install --jobs 4 ${OUT_OF_REACH('the gems of the Gemfile could not be fetched: is the gem index in reach?')}`,
            ...made,
          ]
        : [title, 'FROM debian:trixie-slim AS build', `RUN ${apt('jekyll')}`, 'WORKDIR /src', ...made];
    case 'mkdocs':
      return facts.manifestFiles.includes('requirements.txt')
        ? [
            title,
            'FROM python:3.13-slim-bookworm AS build',
            'WORKDIR /src',
            'COPY requirements.txt ./',
            `RUN pip install --no-cache-dir -r requirements.txt ${OUT_OF_REACH('the packages of requirements.txt could not be fetched: is the package index in reach?')}`,
            ...made,
          ]
        : [title, 'FROM debian:trixie-slim AS build', `RUN ${apt('mkdocs')}`, 'WORKDIR /src', ...made];
    default:
      return ['FROM debian:trixie-slim AS build', 'WORKDIR /src', ...made];
  }
}
