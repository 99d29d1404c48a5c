import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import entrypoint from './mariadb-entrypoint.sh.data';
import healthcheck from './mariadb-healthcheck.sh.data';
import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

const SETTINGS = `[mariadbd]
user = mysql
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid-file = /run/mysqld/mysqld.pid
bind-address = *
skip-name-resolve
host-cache-size = 0
character-set-server = utf8mb4
# A small redo log makes the first start a copy of a few megabytes.
innodb_log_file_size = 32M

[client]
socket = /run/mysqld/mysqld.sock

!includedir /etc/mysql/conf.d/
!includedir /etc/mysql/mariadb.conf.d/
`;

/**
 * MariaDB from Debian under the names and variables of the official images. The system tables are made once, here; a
 * first start copies them, which takes a fraction of making them.
 */
export const mariadbStandIn: StandIn = async (request) => {
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 999 mysql && useradd --system --uid 999 --gid mysql --home-dir /var/lib/mysql --no-create-home mysql
${install(['mariadb-server-core', 'mariadb-client', 'gzip', 'tzdata'])}
COPY --link files/ /
RUN mkdir -p /docker-entrypoint-initdb.d /etc/mysql/conf.d /etc/mysql/mariadb.conf.d /run/mysqld /var/lib/mysql \\
 && cp /usr/local/share/wherry.cnf /etc/mysql/my.cnf && chown mysql:mysql /run/mysqld /var/lib/mysql && chmod 1777 /run/mysqld \\
 && for pair in mysqld:mariadbd mysql:mariadb mysqladmin:mariadb-admin mysqldump:mariadb-dump mysqlcheck:mariadb-check; do \\
      command -v "\${pair%%:*}" >/dev/null || ln -s "$(command -v "\${pair#*:}")" "/usr/local/bin/\${pair%%:*}"; done \\
 && mariadb-install-db --user=mysql --datadir=/usr/local/share/mysql-template --auth-root-authentication-method=normal --skip-test-db --cross-bootstrap >/dev/null \\
 && rm -f /usr/local/share/mysql-template/*.err && chown -R mysql:mysql /usr/local/share/mysql-template \\
 && mariadbd --version | sed 's/.*Ver \\([0-9.]*\\).*/\\1/' > /usr/local/share/mariadb-version
VOLUME /var/lib/mysql
EXPOSE 3306
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["mariadbd"]
`,
    async (context) => {
      const bin = join(context, 'files/usr/local/bin');
      const share = join(context, 'files/usr/local/share');
      await mkdir(bin, { recursive: true });
      await mkdir(share, { recursive: true });
      for (const [name, text] of [
        ['docker-entrypoint.sh', entrypoint],
        ['healthcheck.sh', healthcheck],
      ] as const) {
        await writeFile(join(bin, name), text);
        await chmod(join(bin, name), 0o755);
      }
      await writeFile(join(share, 'wherry.cnf'), SETTINGS);
    },
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/mariadb-version')) ?? '').trim();
  const inPlace = request.name.includes('mysql') ? ', in place of MySQL' : '';
  return { config: image.config, note: `${baseTitle()} packages: MariaDB ${version}${inPlace}` };
};
