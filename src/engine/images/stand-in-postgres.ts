import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import entrypoint from './postgres-entrypoint.sh.data';
import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/** PostgreSQL from Debian under the names and variables of the official image. */
export const postgresStandIn: StandIn = async (request) => {
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 999 postgres && useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql --shell /bin/bash postgres
RUN mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
${install(['postgresql', 'gzip', 'xz-utils', 'tzdata'])}
COPY --link files/ /
RUN mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data /var/run/postgresql \\
 && chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql && chmod 3777 /var/run/postgresql \\
 && ln -s "$(ls -d /usr/lib/postgresql/*)" /usr/local/pgsql && sed -i 's/^#\\?listen_addresses.*/listen_addresses = '"'*'"'/' /usr/share/postgresql/*/postgresql.conf.sample \\
 && /usr/local/pgsql/bin/postgres --version | sed 's/.*) \\([0-9.]*\\).*/\\1/' > /usr/local/share/postgres-version
ENV PATH=$PATH:/usr/local/pgsql/bin LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
`,
    async (context) => {
      const bin = join(context, 'files/usr/local/bin');
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, 'docker-entrypoint.sh'), entrypoint);
      await chmod(join(bin, 'docker-entrypoint.sh'), 0o755);
    },
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/postgres-version')) ?? '').trim();
  return { config: image.config, note: `${baseTitle()} packages: PostgreSQL ${version}` };
};
