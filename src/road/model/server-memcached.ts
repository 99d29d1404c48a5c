import { memory, type Server } from './server.ts';

/** It keeps nothing and knows no credentials. */
export const memcached: Server = {
  kind: 'memcached',
  role: 'cache',
  ending: 'memcached',
  port: 11_211,
  hidden: {},
  plain: {},
  ready: { tcpSocket: { port: 'memcached' } },
  alive: { tcpSocket: { port: 'memcached' } },
  values: () => ({}),
  address: {
    user: { text: () => '' },
    password: { text: () => '' },
    name: { text: () => '' },
    url: { text: (host, port) => `memcached://${host}:${port}` },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  resources: memory('80Mi', '128Mi'),
  user: { userId: 11_211, groupId: 11_211 },
};
