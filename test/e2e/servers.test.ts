import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { objectsOf } from '../../src/road/manifests/index.ts';
import { type Application, applicationOf } from '../../src/road/model/index.ts';
import { type BackingService, readProject, type ServiceKind } from '../../src/road/project/index.ts';
import { type TestCluster, testCluster } from './harness.ts';

const IMAGES = {
  mysql: 'mariadb:11.4',
  postgres: 'postgres:17',
  redis: 'redis:7.4',
  memcached: 'memcached:1.6',
  rabbitmq: 'rabbitmq:4',
};
let cluster: TestCluster;

before(() => {
  cluster = testCluster();
  // A machine that has none of them yet assembles them, which takes longer than a pod's own wait.
  for (const image of Object.values(IMAGES)) {
    assert.equal(cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 }).exitCode, 0, image);
  }
});
after(() => cluster.delete());

/** What the folder's app would bring along, did it talk to all of them; the app itself is left away. */
async function servers(): Promise<Application> {
  const facts = await readProject('examples/users');
  const services = Object.entries(IMAGES).map(
    ([kind, image]): BackingService => ({
      kind: kind as ServiceKind,
      source: 'package.json:1',
      driver: kind,
      scheme: kind === 'rabbitmq' ? 'amqp' : kind,
      image: { value: image, source: 'default' },
    }),
  );
  const application = applicationOf({ ...facts, seed: undefined, services }, { name: 'all' });
  return { ...application, parts: application.parts.filter(({ name }) => name !== 'all'), front: undefined };
}

const inside = (workload: string, script: string): string =>
  cluster.kubectl('exec', workload, '--', 'sh', '-c', script);
const secretOf = (name: string): Record<string, string> => {
  const { data } = JSON.parse(cluster.kubectl('get', 'secret', name, '-o', 'json')) as { data: Record<string, string> };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
};
/** redis-cli takes an empty user in a URL for a user; the app's clients do not. */
const redisClient = (): string => {
  const { hostname, password } = new URL(secretOf('all-redis').url ?? '');
  return `redis-cli -h ${hostname} -a ${password}`;
};
const NAMES = [
  'statefulset/all-database',
  'statefulset/all-postgres',
  'statefulset/all-redis',
  'statefulset/all-rabbitmq',
  'deployment/all-memcached',
];

describe('backing services', () => {
  test('each gets ready, asked with the credentials that the app is given', async () => {
    const { objects } = objectsOf(await servers(), { namespace: 'default', imageOf: () => '', ordering: 'runner' });
    cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    for (const name of NAMES) cluster.kubectl('rollout', 'status', name, '--timeout=80s');
  });

  test('the address in each Secret leads to its server', () => {
    const postgres = secretOf('all-postgres').url ?? '';
    assert.equal(inside('statefulset/all-postgres', `psql '${postgres}' -tAc 'select 1'`), '1\n');
    const { url: mysql = '' } = secretOf('all-database');
    const { username, password, hostname, port, pathname } = new URL(mysql);
    const client = `mariadb -h ${hostname} -P ${port} -u ${username} -p${password} ${pathname.slice(1)}`;
    assert.equal(inside('statefulset/all-database', `${client} -N -e 'select 1'`), '1\n');
    assert.equal(inside('statefulset/all-redis', `${redisClient()} ping 2>/dev/null`), 'PONG\n');
    const { username: user, password: word } = secretOf('all-rabbitmq');
    assert.match(inside('statefulset/all-rabbitmq', `rabbitmqctl -q authenticate_user '${user}' '${word}'`), /Success/);
    assert.match(inside('statefulset/all-rabbitmq', 'rabbitmqctl -q list_users'), new RegExp(`^${user}\\s`, 'm'));
  });

  test('no server takes what has no credentials', () => {
    const refused = (workload: string, script: string): string => {
      const said = cluster.tryKubectl(['exec', workload, '--', 'sh', '-c', script]);
      return said.stdout + said.stderr;
    };
    assert.match(refused('statefulset/all-redis', 'redis-cli -h all-redis ping'), /NOAUTH/);
    assert.match(
      refused('statefulset/all-postgres', 'PGPASSWORD=x psql -h all-postgres -U all all -c "select 1"'),
      /password authentication failed/,
    );
    assert.match(
      refused('statefulset/all-database', 'mariadb -h all-database -u all -px all -e "select 1"'),
      /Access denied/,
    );
  });

  test('data outlives the pods, passwords stay', async () => {
    const { url } = secretOf('all-postgres');
    inside('statefulset/all-postgres', `psql '${url}' -c 'create table kept (a int)'`);
    inside('statefulset/all-redis', `${redisClient()} set kept yes 2>/dev/null`);
    cluster.kubectl('delete', 'pod', 'all-postgres-0', 'all-redis-0', '--grace-period=5');
    for (const name of NAMES.slice(1, 3)) cluster.kubectl('rollout', 'status', name, '--timeout=60s');
    assert.equal(inside('statefulset/all-postgres', `psql '${url}' -tAc 'select count(*) from kept'`), '0\n');
    assert.equal(inside('statefulset/all-redis', `${redisClient()} get kept 2>/dev/null`), 'yes\n');
  });
});
