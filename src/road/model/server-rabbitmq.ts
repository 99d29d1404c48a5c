import { address, memory, random, type Server, shell, text } from './server.ts';

export const rabbitmq: Server = {
  kind: 'rabbitmq',
  role: 'queue',
  ending: 'rabbitmq',
  port: 5672,
  dataPath: '/var/lib/rabbitmq',
  hidden: { RABBITMQ_DEFAULT_USER: 'username', RABBITMQ_DEFAULT_PASS: 'password' },
  plain: {},
  ready: shell('exec rabbitmq-diagnostics -q check_port_connectivity'),
  // Each question starts an Erlang machine of its own, a second of a processor; the port is asked instead.
  alive: { tcpSocket: { port: 'rabbitmq' } },
  values: (asked) => ({
    username: text(asked.user),
    password: random,
    // The virtual host `/`, as a URL writes it.
    url: address(asked, 5672, `\${username}:\${password}@\${host}:\${port}/%2F`),
  }),
  address: {
    user: { key: 'username' },
    password: { key: 'password' },
    name: { text: () => '/' },
    url: { key: 'url' },
    endpoint: { text: (host, port) => `${host}:${port}` },
  },
  resources: memory('192Mi', '1Gi'),
};
