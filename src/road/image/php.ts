import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading, USER_ID } from './shared-lines.ts';

/** What an extension is compiled with. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  bz2: ['libbz2-dev'],
  gd: ['libfreetype6-dev', 'libjpeg62-turbo-dev', 'libpng-dev'],
  gmp: ['libgmp-dev'],
  imagick: ['libmagickwand-dev'],
  intl: ['libicu-dev'],
  ldap: ['libldap2-dev'],
  memcached: ['libmemcached-dev', 'libssl-dev', 'zlib1g-dev'],
  pdo_pgsql: ['libpq-dev'],
  pgsql: ['libpq-dev'],
  soap: ['libxml2-dev'],
  xsl: ['libxslt1-dev'],
  zip: ['libzip-dev'],
};
/** Not part of PHP itself. */
const PECL = ['amqp', 'apcu', 'igbinary', 'imagick', 'memcached', 'mongodb', 'msgpack', 'redis', 'yaml'];

/** Apache with PHP in it, on a port that needs no root, its own files in /tmp: one container, one process tree. */
export function phpDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, framework, build } = facts;
  if (!version || !start) throw new Error('a PHP app without version or start has no Dockerfile');
  const composer = facts.packageManager?.value === 'composer';
  const root = facts.output?.value ?? '.';
  const served = root === '.' ? '/app' : `/app/${root}`;
  const laravel = framework?.value === 'laravel/framework';
  const lines = [
    ...heading(facts),
    ...(composer ? packagesStage(facts) : []),
    ...(build
      ? [
          `# build: ${build.source}`,
          'FROM node:24-bookworm-slim AS assets',
          'WORKDIR /app',
          'COPY package*.json ./',
          'RUN --mount=type=cache,target=/root/.npm if [ -e package-lock.json ]; then npm ci --no-audit --no-fund; else npm install --no-audit --no-fund; fi',
          ...(composer ? ['COPY --from=packages /app ./'] : ['COPY . .']),
          `RUN ${build.value}`,
          '',
        ]
      : []),
    `# PHP ${version.value}: ${version.source}`,
    `FROM php:${version.value}-apache-bookworm`,
    ...extensionLines(facts),
    'RUN cp "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini" \\',
    ` && printf 'variables_order = EGPCS\\nexpose_php = Off\\nlog_errors = On\\nerror_log = /dev/stderr\\n' > "$PHP_INI_DIR/conf.d/app.ini" \\`,
    ` && sed -i 's/^Listen 80$/Listen ${facts.port.value}/' /etc/apache2/ports.conf && a2enmod rewrite`,
    `# served: ${facts.output?.source ?? 'default'}`,
    ...site(facts, served),
    'ENV APACHE_RUN_DIR=/tmp/apache2 APACHE_LOCK_DIR=/tmp/apache2 APACHE_PID_FILE=/tmp/apache2/apache2.pid',
    'WORKDIR /app',
    composer ? 'COPY --from=packages /app ./' : 'COPY . .',
    ...(build ? [`COPY --from=assets ${served} ${served}`] : []),
    ...(laravel
      ? [
          'RUN mkdir -p storage/framework/cache storage/framework/sessions storage/framework/views storage/logs bootstrap/cache && php artisan package:discover',
          'ENV LOG_CHANNEL=stderr APP_ENV=production',
        ]
      : []),
    ...(framework?.value === 'symfony/framework-bundle'
      ? ['ENV APP_ENV=prod', 'RUN mkdir -p var && php bin/console cache:warmup']
      : []),
    ...writable(
      laravel ? ['storage', 'bootstrap/cache'] : framework?.value === 'symfony/framework-bundle' ? ['var'] : [],
    ),
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(serverOf(start.value))}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore([
      'node_modules',
      'README*',
      'tests',
      'wherry.yaml',
      ...(composer ? ['vendor'] : []),
      'storage/logs/*',
      'storage/framework/cache/*',
      'storage/framework/views/*',
      'bootstrap/cache/*.php',
      'var',
    ]),
    notes: [],
  };
}

/** A start command of a platform that brings its own web server means the one of this image. */
function serverOf(command: string): string {
  return /\bheroku-php-(?:apache2|nginx)\b/.test(command) ? 'apache2-foreground' : command;
}

function packagesStage(facts: Facts): string[] {
  return [
    `# composer: ${facts.packageManager?.source ?? 'composer.json'}`,
    'FROM composer:2 AS packages',
    'WORKDIR /app',
    ...(facts.packages.some(({ value }) => value.includes('/'))
      ? [
          `COPY ${facts.manifestFiles.join(' ')} ./`,
          '# The extensions are those of the last stage, so the platform is not judged here.',
          'RUN --mount=type=cache,target=/tmp/cache composer install --no-dev --no-scripts --no-autoloader --prefer-dist --no-interaction --no-progress --ignore-platform-reqs \\',
          ' || { echo "the packages of composer.json could not be fetched: is the package index in reach?" >&2; exit 1; }',
        ]
      : []),
    'COPY . .',
    'RUN composer dump-autoload --no-dev --no-scripts --optimize --no-interaction --ignore-platform-reqs',
    '',
  ];
}

function extensionLines(facts: Facts): string[] {
  const names = facts.native.map(({ value }) => value);
  const libraries = [...new Set(names.flatMap((name) => LIBRARIES[name] ?? []))].sort();
  const pecl = names.filter((name) => PECL.includes(name));
  const own = [...names.filter((name) => !PECL.includes(name)), 'opcache'];
  return [
    ...(facts.native.length > 0
      ? [`# extensions: ${facts.native.map(({ value, source }) => `${value} (${source})`).join(', ')}`]
      : []),
    ...(libraries.length > 0
      ? [
          `RUN apt-get update && apt-get install -y --no-install-recommends ${libraries.join(' ')} && rm -rf /var/lib/apt/lists/*`,
        ]
      : []),
    `RUN docker-php-ext-install ${own.join(' ')}`,
    ...(pecl.length > 0 ? [`RUN pecl install ${pecl.join(' ')} && docker-php-ext-enable ${pecl.join(' ')}`] : []),
  ];
}

function site(facts: Facts, served: string): string[] {
  const front = facts.framework !== undefined && facts.framework.value !== 'wordpress';
  return [
    `COPY <<'EOF' /etc/apache2/sites-available/000-default.conf`,
    'ServerName localhost',
    'ServerTokens Prod',
    `<VirtualHost *:${facts.port.value}>`,
    `  DocumentRoot ${served}`,
    '  DirectoryIndex index.php index.html',
    '  ErrorLog /dev/stderr',
    '  CustomLog /dev/stdout combined',
    `  <Directory ${served}>`,
    '    Options -Indexes +FollowSymLinks',
    '    AllowOverride All',
    '    Require all granted',
    ...(front ? ['    FallbackResource /index.php'] : []),
    '  </Directory>',
    // What stands beside the pages when the top of the folder is served.
    '  RedirectMatch 404 "/\\.(?!well-known/)"',
    ...(served === '/app'
      ? ['  RedirectMatch 404 "^/(?:vendor/|composer\\.(?:json|lock)$|Procfile$|wherry\\.yaml$)"']
      : []),
    '</VirtualHost>',
    'EOF',
  ];
}

/** Folders that the app writes to: by its own user, or by any user of the root group. */
function writable(folders: readonly string[]): string[] {
  const list = folders.join(' ');
  return folders.length === 0 ? [] : [`RUN chown -R ${USER_ID}:0 ${list} && chmod -R g=u ${list}`];
}
