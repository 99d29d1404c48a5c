import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { debianGem } from './debian-ruby.ts';
import { AS_NOBODY, dockerignore, heading, USER_ID } from './shared-lines.ts';

/** What a gem in C is compiled with, and what it needs when it runs. */
const LIBRARIES: Readonly<Record<string, { readonly build: string; readonly run: string }>> = {
  pg: { build: 'libpq-dev', run: 'libpq5' },
  mysql2: { build: 'default-libmysqlclient-dev', run: 'libmariadb3' },
  sqlite3: { build: 'libsqlite3-dev', run: 'libsqlite3-0' },
  rmagick: { build: 'libmagickwand-dev', run: 'imagemagick' },
  'ruby-vips': { build: 'libvips-dev', run: 'libvips42' },
};

/** One stage compiles the gems, the image takes them over: no compiler is left in it. */
export function rubyDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, build } = facts;
  if (!version || !start) throw new Error('a Ruby app without version or start has no Dockerfile');
  const base = `ruby:${version.value}-slim-bookworm`;
  const bundled = facts.packageManager?.value === 'bundler';
  const rails = facts.framework?.value === 'rails';
  const libraries = facts.native.flatMap(({ value }) => LIBRARIES[value] ?? []);
  const environment = rails
    ? 'ENV RAILS_ENV=production RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1 BUNDLE_WITHOUT=development:test'
    : 'ENV RACK_ENV=production APP_ENV=production BUNDLE_WITHOUT=development:test';
  const lines = [
    ...heading(facts),
    `# Ruby ${version.value}: ${version.source}`,
    ...(bundled
      ? gemsStage(
          facts,
          base,
          'packages',
          libraries.map(({ build: name }) => name),
        )
      : []),
    ...(build
      ? [
          `# build: ${build.source}`,
          'FROM packages AS build',
          environment,
          ...(build.source.startsWith('package.json')
            ? [`RUN ${aptInstall(['nodejs', 'npm'])}`, 'COPY package*.json ./', 'RUN npm install --no-audit --no-fund']
            : []),
          'COPY . .',
          ...debianLines(facts),
          `RUN ${build.value}`,
          '',
        ]
      : []),
    `FROM ${base}`,
    environment,
    'WORKDIR /app',
    ...(libraries.length > 0 ? [`RUN ${aptInstall(libraries.map(({ run }) => run))}`] : []),
    ...(bundled ? ['COPY --from=packages /usr/local/bundle /usr/local/bundle'] : []),
    ...(build ? ['COPY --from=build /app ./'] : ['COPY . .']),
    ...(bundled ? debianLines(facts) : []),
    ...(rails
      ? [
          `RUN mkdir -p db log storage tmp/pids && chown -R ${USER_ID}:0 db log storage tmp && chmod -R g=u db log storage tmp`,
        ]
      : []),
    '# A user that no file names has no home, and Bundler wants one.',
    'ENV HOME=/tmp',
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(start.value)}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore([
      '.bundle',
      'vendor/bundle',
      'log/*',
      'tmp/*',
      'storage/*',
      'node_modules',
      'coverage',
      'config/master.key',
      'public/assets',
      '*.sqlite3',
    ]),
    notes: [],
  };
}

function aptInstall(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} && rm -rf /var/lib/apt/lists/*`;
}

/** A stage with the gems of the Gemfile; where no index answers, with a mark that says so. */
export function gemsStage(facts: Facts, base: string, name: string, libraries: readonly string[] = []): string[] {
  const locked = facts.manifestFiles.includes('Gemfile.lock') ? 'BUNDLE_FROZEN=true ' : '';
  return [
    `FROM ${base} AS ${name}`,
    'ENV BUNDLE_WITHOUT=development:test',
    name === 'build' ? 'WORKDIR /src' : 'WORKDIR /app',
    `RUN ${aptInstall(['build-essential', 'git', 'libyaml-dev', 'pkg-config', ...libraries])}`,
    `# bundler: ${facts.packageManager?.source ?? 'Gemfile'}`,
    `COPY ${facts.manifestFiles.join(' ')} ./`,
    '# Where no gem index answers, the same gems are taken from Debian later on.',
    `RUN if ruby -ropen-uri -e 'URI.open(File.read("Gemfile")[/^source\\W+(\\S+?)\\W*$/, 1] || Gem.sources.first, open_timeout: 5, read_timeout: 15)' 2> /dev/null; then \\`,
    `      ${locked}bundle install --jobs 4 --retry 2; \\`,
    '    else \\',
    `      echo "no gem index in reach: Debian's packages instead: ${gemPackages(facts).join(' ')}" && touch /usr/local/bundle/from-debian; \\`,
    '    fi',
    '',
  ];
}

/** The gems from Debian where that mark is. */
export function debianLines(facts: Facts): string[] {
  return [
    // Debian has one version of each and none of those for tests: neither may be asked for any more.
    'RUN if [ -e /usr/local/bundle/from-debian ]; then \\',
    `      apt-get update && apt-get install -y --no-install-recommends ${gemPackages(facts).join(' ')} && rm -rf /var/lib/apt/lists/* \\`,
    `      && rm -f Gemfile.lock && printf "gem '%s'\\n" ${facts.packages.map(({ value }) => value).join(' ')} > Gemfile \\`,
    '      && bundle install --local && chmod -R a+rX . /usr/local/bundle; \\',
    '    fi',
  ];
}

function gemPackages(facts: Facts): string[] {
  return [...new Set(facts.packages.map(({ value }) => debianGem(value)))].sort();
}
