import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import extensionInstall from './php-extension-install.sh.data';
import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import { type Carried, suiteFor } from './stand-in-suite.ts';
import type { StandIn, StandInRequest } from './stand-in-types.ts';

const CARRIED: Carried = [
  ['bookworm', '8.2'],
  ['trixie', '8.4'],
];

/** Settings are read from where the official images have them, beside Debian's own. */
const COMMON = `ENV PHP_INI_DIR=/usr/local/etc/php PHPRC=/usr/local/etc/php PHP_INI_SCAN_DIR=:/usr/local/etc/php/conf.d
RUN mkdir -p /usr/local/etc/php/conf.d /var/www/html && cp /usr/lib/php/*/php.ini-production /usr/lib/php/*/php.ini-development /usr/local/etc/php/ \\
 && ln -sf /usr/bin/php /usr/local/bin/php && php -r 'echo PHP_VERSION;' > /usr/local/share/language-version
COPY --link files/ /
RUN ln -s docker-php-ext-install /usr/local/bin/pecl && printf '#!/bin/sh\\n' | tee /usr/local/bin/docker-php-ext-enable /usr/local/bin/docker-php-ext-configure > /dev/null && chmod 755 /usr/local/bin/docker-php-ext-*
`;

/** As the official image sets up Debian's Apache: settings of the environment win, logs go out, any user may run it. */
const APACHE = `RUN sed -ri 's/^export ([^=]+)=(.*)$/: \${\\1:=\\2}\\nexport \\1/' /etc/apache2/envvars \\
 && . /etc/apache2/envvars && for directory in "$APACHE_LOCK_DIR" "$APACHE_RUN_DIR" "$APACHE_LOG_DIR"; do rm -rf "$directory"; mkdir -p "$directory"; chmod 1777 "$directory"; done \\
 && ln -sf /dev/stderr "$APACHE_LOG_DIR/error.log" && ln -sf /dev/stdout "$APACHE_LOG_DIR/access.log" && ln -sf /dev/stdout "$APACHE_LOG_DIR/other_vhosts_access.log" \\
 && rm -f /var/www/html/index.html
COPY --chmod=755 <<'EOF' /usr/local/bin/apache2-foreground
#!/bin/sh
set -e
. "\${APACHE_CONFDIR:-/etc/apache2}/envvars"
rm -f "$APACHE_PID_FILE"
mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"
exec apache2 -DFOREGROUND "$@"
EOF
STOPSIGNAL SIGWINCH
WORKDIR /var/www/html
EXPOSE 80
CMD ["apache2-foreground"]
`;

const FPM = `RUN ln -s "$(ls /usr/sbin/php-fpm[0-9]*)" /usr/local/sbin/php-fpm \\
 && sed -i 's/^listen = .*/listen = 9000/; s/^;clear_env = .*/clear_env = no/; s/^;catch_workers_output = .*/catch_workers_output = yes/' /etc/php/*/fpm/pool.d/www.conf \\
 && sed -i 's|^error_log = .*|error_log = /proc/self/fd/2|; s|^;daemonize = .*|daemonize = no|; s|^pid = .*|pid = /tmp/php-fpm.pid|' /etc/php/*/fpm/php-fpm.conf
STOPSIGNAL SIGQUIT
WORKDIR /var/www/html
EXPOSE 9000
CMD ["php-fpm"]
`;

/** PHP from Debian under the paths and helper programs of the official images: command line, Apache or FPM. */
export const phpStandIn: StandIn = async (request) => {
  const { tag } = request;
  const suite = suiteFor(CARRIED, tag);
  const kind = /apache|fpm/.exec(tag)?.[0];
  const server = { apache: ['apache2', 'libapache2-mod-php'], fpm: ['php-fpm'] }[kind ?? ''] ?? [];
  const lines = { apache: APACHE, fpm: FPM }[kind ?? ''] ?? 'CMD ["php", "-a"]\n';
  // What is compiled into the official images.
  const builtIn = ['php-curl', 'php-mbstring', 'php-sqlite3', 'php-xml'];
  const image = await buildRecipe(
    request,
    `${install(['php-cli', ...builtIn, ...server, 'ca-certificates', 'tzdata'])}\n${COMMON}${lines}`,
    async (context) => {
      const bin = join(context, 'files/usr/local/bin');
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, 'docker-php-ext-install'), extensionInstall);
      await chmod(join(bin, 'docker-php-ext-install'), 0o755);
    },
    suite,
  );
  return { config: image.config, note: await noteOf(request, image, suite, 'PHP') };
};

/** Composer with the PHP that it needs, and what it fetches packages with. */
export const composerStandIn: StandIn = async (request) => {
  const suite = suiteFor(
    [
      ['bookworm', '2.5'],
      ['trixie', '2.8'],
    ],
    request.tag,
  );
  const image = await buildRecipe(
    request,
    `${install(['composer', 'php-cli', 'php-curl', 'php-mbstring', 'php-xml', 'php-zip', 'git', 'unzip', 'ca-certificates'])}
ENV COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_HOME=/tmp COMPOSER_CACHE_DIR=/tmp/cache
RUN composer --version --no-ansi 2> /dev/null | sed -n 's/^Composer version \\([0-9.]*\\).*/\\1/p' > /usr/local/share/language-version
WORKDIR /app
CMD ["composer"]
`,
    undefined,
    suite,
  );
  return { config: image.config, note: await noteOf(request, image, suite, 'Composer') };
};

async function noteOf(
  { store, tag }: StandInRequest,
  image: Awaited<ReturnType<typeof buildRecipe>>,
  suite: string,
  title: string,
): Promise<string> {
  const version = ((await store.library.readText(image, '/usr/local/share/language-version')) ?? '').trim();
  const note = `${baseTitle(suite)} packages: ${title} ${version}`;
  return tag.includes('alpine') ? `${note} (not Alpine: no apk)` : note;
}
