import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const IMAGE = 'busybox:1.37';
const HOST = 'shop.localhost';
let cluster: TestCluster;
let port: number;
let legacy: string;

const server = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: server
          image: ${IMAGE}
          command: [sh, -c, 'mkdir -p /w/users/list /w/other; for d in /w /w/users /w/users/list /w/other; do echo ${name} > $d/index.html; done; exec httpd -f -p 8080 -h /w']
          readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
`;
const service = `
apiVersion: v1
kind: Service
metadata: { name: users }
spec: { selector: { app: users }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

before(() => {
  cluster = testCluster();
  cluster.wherry('image', 'pull', IMAGE);
  cluster.apply([server('old'), server('users'), service].join('---'));
  cluster.kubectl('rollout', 'status', 'deployment/old', '--timeout=60s');
  cluster.kubectl('rollout', 'status', 'deployment/users', '--timeout=60s');
  legacy = `${cluster.kubectl('get', 'pods', '-l', 'app=old', '-o', 'jsonpath={.items[0].status.podIP}')}:8080`;
  const status = JSON.parse(cluster.wherry('cluster', 'status', '--name', cluster.name, '--json')) as Record<
    string,
    unknown
  >;
  port = Number(/http:\/\/127\.0\.0\.1(?::(\d+))?/.exec(JSON.stringify(status))?.[1] ?? 80);
});
after(() => cluster.delete());

const offload = (...words: string[]): string => cluster.wherry('offload', ...words, '--name', cluster.name);

/** Who answered each of so many requests. */
async function answers(path: string, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    const said = await new Promise<string>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers: { host: HOST } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve(answer.statusCode === 200 ? text.trim() : String(answer.statusCode)));
      });
      asked.on('error', reject).end();
    });
    seen[said] = (seen[said] ?? 0) + 1;
  }
  return seen;
}

/** The ingress takes a change up a moment after it is written. */
async function becomes(path: string, count: number, wanted: Record<string, number>): Promise<void> {
  let last: unknown;
  await eventually(
    `${path} answered by ${JSON.stringify(wanted)}`,
    async () => {
      last = await answers(path, count);
      return JSON.stringify(Object.entries(last as object).sort()) === JSON.stringify(Object.entries(wanted).sort());
    },
    15_000,
  ).catch((error: unknown) => {
    throw new Error(`last were ${JSON.stringify(last)}`, { cause: error });
  });
}

describe('wherry offload', () => {
  test('before anything is there it says how to begin, and refuses what cannot be', () => {
    assert.match(offload(), /no old system is led through this cluster; begin: wherry offload/);
    const refused = (...words: string[]) => cluster.tryWherry(['offload', ...words, '--name', cluster.name]);
    const unknown = refused('/users', '--to', 'users');
    assert.deepEqual([unknown.exitCode, /knows no old system "legacy"/.test(unknown.stderr)], [1, true]);
    const noApp = refused('/users', '--to', 'nothing', '--legacy', legacy);
    assert.match(noApp.stderr, /there is no service "nothing" in namespace default\n.*users/);
    assert.equal(refused('users', '--to', 'users').exitCode, 2);
    assert.equal(refused('/users').exitCode, 2);
  });

  test('a dry run shows what would be written and writes nothing', () => {
    const said = offload('/users', '--to', 'users', '--share', '10%', '--legacy', legacy, '--host', HOST, '--dry-run');
    assert.match(said, /^\/users: 10 % to users:80, 90 % stay at /m);
    assert.match(said, /canary-weight: "10"/);
    assert.equal(cluster.kubectl('get', 'ingress', '-o', 'name'), '');
  });

  test('a share of a path goes over exactly, the rest of the old system is led to as before', async () => {
    offload('/users', '--to', 'users', '--share', '10%', '--legacy', legacy, '--host', HOST);
    await becomes('/users/', 20, { old: 18, users: 2 });
    await becomes('/users/list/', 20, { old: 18, users: 2 });
    await becomes('/other/', 5, { old: 5 });
  });

  test('step by step all of it, and the list tells how far it is', async () => {
    offload('/users', '--to', 'users', '--share', '50%');
    await becomes('/users/', 20, { old: 10, users: 10 });
    const listed = JSON.parse(offload('--json')) as { systems: { moved: object[] }[] };
    assert.deepEqual(listed.systems[0]?.moved, [{ path: '/users', service: 'users', port: 80, sharePercent: 50 }]);
    assert.match(offload('/users', '--to', 'users'), /^\/users: 100 % to users:80$/m);
    await becomes('/users/', 20, { users: 20 });
    assert.match(offload(), /^legacy +shop\.localhost +\/users +100 % +users:80$/m);
    assert.equal(cluster.kubectl('get', 'ingress', '-o', 'name').trim(), 'ingress.networking.k8s.io/legacy');
    assert.match(offload('/users', '--to', 'users'), /Nothing to change\./);
  });

  test('back again, and everything at last', async () => {
    assert.match(offload('/users', '--back'), /^\/users: back to /m);
    await becomes('/users/', 10, { old: 10 });
    offload('/', '--to', 'users');
    await becomes('/other/', 10, { users: 10 });
    const said = offload('--back');
    await becomes('/other/', 10, { old: 10 });
    const remove = /kubectl (-n default delete .*)$/m.exec(said)?.[1] ?? '';
    cluster.kubectl(...remove.split(' '));
    assert.match(offload(), /no old system/);
  });
});
