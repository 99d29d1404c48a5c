import { address, memory, random, type Server, shell } from './server.ts';

export const redis: Server = {
  kind: 'redis',
  role: 'cache',
  ending: 'redis',
  port: 6379,
  dataPath: '/data',
  hidden: { REDIS_PASSWORD: 'password' },
  plain: {},
  command: ['sh', '-c', 'exec redis-server --appendonly yes --dir /data --requirepass "$REDIS_PASSWORD"'],
  ready: shell('REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ping | grep -q PONG'),
  alive: shell('REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ping | grep -qE "PONG|LOADING"'),
  values: (asked) => ({
    password: random,
    url: address(asked, 6379, `:\${password}@\${host}:\${port}/0`),
  }),
  address: {
    // The user that `requirepass` gives a password to, and the database that the URL names.
    user: { text: () => 'default' },
    password: { key: 'password' },
    name: { text: () => '0' },
    url: { key: 'url' },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  resources: memory('32Mi', '256Mi'),
};
