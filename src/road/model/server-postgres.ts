import { address, memory, random, type Server, shell, text, waitFor } from './server.ts';

export const postgres: Server = {
  kind: 'postgres',
  role: 'database',
  ending: 'postgres',
  port: 5432,
  dataPath: '/var/lib/postgresql/data',
  hidden: { POSTGRES_DB: 'database', POSTGRES_USER: 'username', POSTGRES_PASSWORD: 'password' },
  // A volume's own top folder may hold lost+found, which initdb refuses.
  plain: { PGDATA: '/var/lib/postgresql/data/pgdata' },
  ready: shell(
    'PGPASSWORD="$POSTGRES_PASSWORD" exec psql -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -tAc "SELECT 1"',
  ),
  alive: shell('exec pg_isready -h 127.0.0.1'),
  values: (asked) => ({
    database: text(asked.name),
    username: text(asked.user),
    password: random,
    url: address(asked, 5432, `\${username}:\${password}@\${host}:\${port}/\${database}`),
  }),
  address: {
    user: { key: 'username' },
    password: { key: 'password' },
    name: { key: 'database' },
    url: { key: 'url' },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  seed(host, sql) {
    const client = `psql -h ${host} -U "$POSTGRES_USER" -d "$POSTGRES_DB"`;
    return [
      'set -e',
      'export PGPASSWORD="$POSTGRES_PASSWORD"',
      waitFor(`${client} -tAc 'SELECT 1'`, host),
      `exec ${client} -v ON_ERROR_STOP=1 -f ${sql}`,
    ].join('\n');
  },
  resources: memory('128Mi', '1Gi'),
};
