import { address, memory, random, type Server, shell, text, waitFor } from './server.ts';

const CLIENT = 'client=$(command -v mariadb || command -v mysql)';

/** The names are those that the images of both MySQL and MariaDB know. */
export const mysql: Server = {
  kind: 'mysql',
  role: 'database',
  ending: 'mysql',
  port: 3306,
  dataPath: '/var/lib/mysql',
  hidden: {
    MYSQL_ROOT_PASSWORD: 'root-password',
    MYSQL_DATABASE: 'database',
    MYSQL_USER: 'username',
    MYSQL_PASSWORD: 'password',
  },
  plain: {},
  ready: shell(
    `${CLIENT}; MYSQL_PWD="$MYSQL_PASSWORD" exec "$client" --protocol=tcp -h 127.0.0.1 -u "$MYSQL_USER" -e 'SELECT 1' "$MYSQL_DATABASE"`,
  ),
  alive: shell(
    'admin=$(command -v mariadb-admin || command -v mysqladmin); exec "$admin" --protocol=tcp -h 127.0.0.1 ping',
  ),
  values: (asked) => ({
    'root-password': random,
    database: text(asked.name),
    // MySQL allows 32 characters of letters, digits and `_` without quoting.
    username: text(asked.user.slice(0, 32)),
    password: random,
    url: address(asked, 3306, `\${username}:\${password}@\${host}:\${port}/\${database}`),
  }),
  address: {
    user: { key: 'username' },
    password: { key: 'password' },
    name: { key: 'database' },
    url: { key: 'url' },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  seed(host, sql, asAdministrator) {
    const user = asAdministrator ? 'root' : '$MYSQL_USER';
    const password = asAdministrator ? '$MYSQL_ROOT_PASSWORD' : '$MYSQL_PASSWORD';
    const client = `"$client" --protocol=tcp -h ${host} -u "${user}"`;
    return [
      'set -e',
      CLIENT,
      `export MYSQL_PWD="${password}"`,
      waitFor(`${client} -e 'SELECT 1' "$MYSQL_DATABASE"`, host),
      `exec ${client} --default-character-set=utf8mb4 "$MYSQL_DATABASE" < ${sql}`,
    ].join('\n');
  },
  resources: memory('192Mi', '1Gi'),
};
