import { UserError } from '../../base/index.ts';
import type { ServiceKind } from '../project/index.ts';

/** How one kind of backing service is run and asked; the shell lines run in the service's own image. */
export interface Engine {
  readonly port: number;
  readonly dataPath: string;
  /** Environment variable to key of the service's Secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Plain settings. */
  readonly settings: Readonly<Record<string, string>>;
  readonly command?: string[];
  /** Exit status 0 when it answers a query with the app's own credentials. */
  readonly ready: string;
  /** Exit status 0 while the process works, whatever it thinks of credentials. */
  readonly alive: string;
  /** Waits for the server named HOST, then runs the file SQL; undefined for servers without SQL. */
  readonly seed?: (host: string, sql: string, asAdministrator: boolean) => string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
}

const SQL_CLIENT = 'client=$(command -v mariadb || command -v mysql)';

/** Bounded: after 120 s the Job fails and says so, and is tried again by its back-off. */
function waitFor(question: string, host: string): string {
  return [
    'tries=0',
    `until ${question} >/dev/null 2>&1; do`,
    '  tries=$((tries+1))',
    `  if [ "$tries" -ge 240 ]; then echo "${host} does not answer"; exit 1; fi`,
    '  sleep 0.5',
    'done',
  ].join('\n');
}

const mysql: Engine = {
  port: 3306,
  dataPath: '/var/lib/mysql',
  // The names that the images of both MySQL and MariaDB know.
  environment: {
    MYSQL_ROOT_PASSWORD: 'root-password',
    MYSQL_DATABASE: 'database',
    MYSQL_USER: 'username',
    MYSQL_PASSWORD: 'password',
  },
  settings: {},
  ready: `${SQL_CLIENT}; MYSQL_PWD="$MYSQL_PASSWORD" exec "$client" --protocol=tcp -h 127.0.0.1 -u "$MYSQL_USER" -e 'SELECT 1' "$MYSQL_DATABASE"`,
  alive: 'admin=$(command -v mariadb-admin || command -v mysqladmin); exec "$admin" --protocol=tcp -h 127.0.0.1 ping',
  seed(host, sql, asAdministrator) {
    const user = asAdministrator ? 'root' : '$MYSQL_USER';
    const password = asAdministrator ? '$MYSQL_ROOT_PASSWORD' : '$MYSQL_PASSWORD';
    const client = `"$client" --protocol=tcp -h ${host} -u "${user}"`;
    return [
      'set -e',
      SQL_CLIENT,
      `export MYSQL_PWD="${password}"`,
      waitFor(`${client} -e 'SELECT 1' "$MYSQL_DATABASE"`, host),
      `exec ${client} --default-character-set=utf8mb4 "$MYSQL_DATABASE" < ${sql}`,
    ].join('\n');
  },
  memoryRequest: '192Mi',
  memoryLimit: '1Gi',
};

const postgres: Engine = {
  port: 5432,
  dataPath: '/var/lib/postgresql/data',
  environment: { POSTGRES_DB: 'database', POSTGRES_USER: 'username', POSTGRES_PASSWORD: 'password' },
  // A volume's own top folder may hold lost+found, which initdb refuses.
  settings: { PGDATA: '/var/lib/postgresql/data/pgdata' },
  ready: 'PGPASSWORD="$POSTGRES_PASSWORD" exec psql -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -tAc "SELECT 1"',
  alive: 'exec pg_isready -h 127.0.0.1',
  seed(host, sql) {
    const client = `psql -h ${host} -U "$POSTGRES_USER" -d "$POSTGRES_DB"`;
    return [
      'set -e',
      'export PGPASSWORD="$POSTGRES_PASSWORD"',
      waitFor(`${client} -tAc 'SELECT 1'`, host),
      `exec ${client} -v ON_ERROR_STOP=1 -f ${sql}`,
    ].join('\n');
  },
  memoryRequest: '128Mi',
  memoryLimit: '1Gi',
};

const redis: Engine = {
  port: 6379,
  dataPath: '/data',
  environment: { REDIS_PASSWORD: 'password' },
  settings: {},
  command: ['sh', '-c', 'exec redis-server --appendonly yes --dir /data --requirepass "$REDIS_PASSWORD"'],
  ready: 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ping | grep -q PONG',
  alive: 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ping | grep -qE "PONG|LOADING"',
  memoryRequest: '32Mi',
  memoryLimit: '256Mi',
};

const ENGINES: Readonly<Partial<Record<ServiceKind, Engine>>> = { mysql, postgres, redis };

export function engineOf(kind: ServiceKind): Engine {
  const engine = ENGINES[kind];
  if (!engine)
    throw new UserError(
      kind,
      'wherry does not run this server yet',
      'Keep it outside and name it in wherry.yaml (external).',
    );
  return engine;
}
