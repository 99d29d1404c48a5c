import { address, memory, random, type Server, shell, text } from './server.ts';

const SHELL = 'client=$(command -v mongosh || command -v mongo)';

export const mongodb: Server = {
  kind: 'mongodb',
  role: 'database',
  ending: 'mongodb',
  port: 27_017,
  dataPath: '/data/db',
  hidden: {
    MONGO_INITDB_ROOT_USERNAME: 'username',
    MONGO_INITDB_ROOT_PASSWORD: 'password',
    MONGO_INITDB_DATABASE: 'database',
  },
  plain: {},
  ready: shell(
    `${SHELL}; exec "$client" --quiet --host 127.0.0.1 -u "$MONGO_INITDB_ROOT_USERNAME" -p "$MONGO_INITDB_ROOT_PASSWORD" --authenticationDatabase admin --eval 'quit(db.runCommand({ping:1}).ok ? 0 : 1)' "$MONGO_INITDB_DATABASE"`,
  ),
  // The shell takes seconds to start; whether the port is listened on tells enough of the process.
  alive: { tcpSocket: { port: 'mongodb' } },
  values: (asked) => ({
    database: text(asked.name),
    username: text(asked.user),
    password: random,
    // The image makes its user in `admin`.
    url: address(asked, 27_017, `\${username}:\${password}@\${host}:\${port}/\${database}?authSource=admin`),
  }),
  address: {
    user: { key: 'username' },
    password: { key: 'password' },
    name: { key: 'database' },
    url: { key: 'url' },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  resources: memory('256Mi', '1Gi'),
};
