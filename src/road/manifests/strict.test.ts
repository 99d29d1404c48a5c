import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageOf, silentLog, systemClock } from '../../base/index.ts';
import { localClient } from '../../engine/cluster/local-client.ts';
import { createCatalogue, type Kind, type KubeObject, kinds } from '../../engine/kinds/index.ts';
import { createResources, tombstone } from '../../engine/resources/index.ts';
import { memoryStore } from '../../engine/store/index.ts';
import { type Application, applicationOf, type Part } from '../model/index.ts';
import { type Facts, readProject } from '../project/index.ts';
import type { Manifest } from './contract.ts';
import { manifestsFor } from './manifests-for.ts';
import { objectsOf } from './objects-of.ts';

const catalogue = createCatalogue();
const client = localClient({
  resources: createResources({
    store: memoryStore({ tombstone }),
    catalogue,
    clock: systemClock,
    log: silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30_000, 32_767] },
  }),
  catalogue,
  user: { name: 'system:wherry', groups: ['system:masters'] },
  fieldManager: 'test',
});

/** What the real verbs say to the object, checked strictly; undefined when they take it. Nothing is kept. */
async function refusal(object: Manifest): Promise<string | undefined> {
  const kind = Object.values(kinds).find(
    ({ group, version, kind: name }) =>
      name === object.kind && object.apiVersion === (group ? `${group}/` : '') + version,
  );
  assert.ok(kind, `${object.kind} in ${object.apiVersion}`);
  const { namespace, name } = object.metadata;
  const apply = { type: 'apply', body: object } as const;
  const options = { dryRun: true, fieldManager: 'wherry', fieldValidation: 'Strict' } as const;
  try {
    await client.patch(kind as Kind<KubeObject>, namespace, name, apply, options);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

const at = <T>(value: T) => ({ value, source: 'wherry.yaml:1' });

async function everyShape(): Promise<Facts[]> {
  const users = await readProject(join(process.cwd(), 'examples/users'));
  const [database] = users.services;
  assert.ok(database);
  const kinds = ['mysql', 'postgres', 'redis', 'mongodb', 'rabbitmq', 'memcached', 's3'] as const;
  return [
    users,
    await readProject(join(process.cwd(), 'examples/users-flask')),
    { ...users, services: kinds.map((kind) => ({ ...database, kind })) },
    {
      ...users,
      services: [],
      seed: undefined,
      routes: [],
      migrate: at('npm run migrate'),
      processes: [
        { name: 'a-process-with-a-name-of-forty-characters', command: at('node x.js'), quantity: undefined },
        { name: 'worker', command: at('node worker.js'), quantity: at(2) },
      ],
      settings: {
        hooks: { before: [at('npm run a')], between: [at('npm run b')], after: [at('npm run c')] },
        host: at('shop.example.com'),
        environment: { A_TOKEN: at('x'), MODE: at('quick') },
      },
    },
    { ...users, settings: { external: { mysql: at('192.0.2.7:3307') } } },
    { ...users, settings: { external: { mysql: at('db.example.com') } } },
    { ...users, dockerfile: { path: 'Dockerfile', ports: [], user: undefined, command: undefined } },
  ];
}

/** What no folder says, but compose files do. */
function everyPart(): Application {
  const http = { name: 'http', target: 8080, port: 80, protocol: 'TCP' as const };
  const part = (name: string, more: Partial<Part>): Part => ({
    name,
    kind: 'deployment',
    role: 'part',
    image: { reference: 'x:1' },
    environment: [{ name: 'POD_IP', value: { is: 'field', path: 'status.podIP' }, source: 'x' }],
    ports: [http, { name: 'dns', target: 53, port: 53, protocol: 'UDP' }, { ...http, name: 'again', port: 8080 }],
    mounts: [],
    needs: [],
    source: 'x',
    ...more,
  });
  return {
    name: 'shop',
    version: 'v1.0+build/7',
    parts: [
      part('web', {
        mounts: [
          { path: '/data', from: { is: 'volume', volume: 'data', below: 'web' } },
          { path: '/tmp', from: { is: 'scratch', name: 'tmp', memory: true, sizeLimit: '64Mi' } },
          { path: '/etc/conf', readOnly: true, from: { is: 'settings', set: 'conf' } },
          { path: '/etc/x.conf', from: { is: 'settings', set: 'conf', key: 'x', mode: 0o640 } },
          { path: '/run/secrets/key', from: { is: 'secrets', set: 'keys', key: 'key' } },
        ],
        aliases: ['www', 'front'],
        way: { port: 'http', paths: ['/', '/api'] },
        command: ['server', '--password', 'hunter2hunter2'],
        labels: { team: 'shops' },
        annotations: { note: 'x' },
        container: { tty: true },
        pod: { hostAliases: [{ ip: '192.0.2.1', hostnames: ['old'] }] },
        needs: [
          { part: 'db', condition: 'ready' },
          { part: 'job', condition: 'completed' },
          { part: 'quiet', condition: 'ready' },
        ],
      }),
      part('db', {
        kind: 'statefulset',
        role: 'database',
        replicas: 3,
        user: { userId: 999 },
        mounts: [{ path: '/var/lib/x', from: { is: 'own', name: 'data', size: '1Gi' } }],
      }),
      part('agent', { kind: 'daemonset', ports: [] }),
      part('job', { kind: 'job', stage: 'migrate', role: 'migrate', ports: [] }),
      part('nightly', { kind: 'cronjob', schedule: '*/5 * * * *', ports: [] }),
      part('quiet', { ports: [], aliases: ['silent'], single: true }),
    ],
    builds: [],
    settings: [{ name: 'conf', role: 'web', values: { x: 'y', bytes: Uint8Array.of(1, 2) }, source: 'x' }],
    secrets: [{ name: 'keys', role: 'web', values: { key: { is: 'random' } }, source: 'x' }],
    volumes: [{ name: 'data', size: '1Gi', shared: true, storageClass: 'fast', source: 'x' }],
    externals: [
      { name: 'six', kind: 'redis', host: '2001:db8::7', port: undefined, source: 'x' },
      { name: 'any', kind: undefined, host: '192.0.2.9', port: undefined, source: 'x' },
    ],
    front: 'web',
    release: { smokePaths: [] },
    notes: [],
  };
}

async function refused(objects: readonly Manifest[]): Promise<string[]> {
  const answers: string[] = [];
  for (const object of objects) {
    const said = await refusal(object);
    if (said !== undefined) answers.push(`${object.kind} ${object.metadata.name}: ${said}`);
  }
  return answers;
}

test('every object has only known fields of the right types and values that a strict API server accepts', async () => {
  for (const facts of await everyShape()) {
    const { objects } = manifestsFor(facts, {
      name: 'shop',
      namespace: 'shops',
      image: 'localhost/shop:1',
      host: 'shop.localhost',
      defaultRoute: true,
      sourceHash: 'ab12',
    });
    assert.deepEqual(await refused(objects), []);
  }
});

test('so has what an application of every kind of part becomes, whoever keeps the order', async () => {
  const applications = [
    everyPart(),
    ...(await everyShape()).map((facts) => applicationOf(facts, { name: 'a-name-of-forty-characters-as-it-may-be-x' })),
  ];
  for (const application of applications) {
    for (const ordering of ['objects', 'runner'] as const) {
      const { objects } = objectsOf(application, {
        namespace: 'shops',
        imageOf: () => 'localhost/shop:1',
        host: 'shop.localhost',
        ordering,
        exposed: application.front === undefined ? [] : [{ part: application.front, type: 'LoadBalancer' }],
      });
      assert.deepEqual(await refused(objects), []);
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      assert.deepEqual(names, [...new Set(names)], 'two objects of one name');
    }
  }
});

test('the check itself refuses unknown fields and bad values', async () => {
  const service = (spec: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', namespace: 'shops' },
    spec,
  });
  assert.match((await refusal(service({ selektor: {}, ports: [{ port: 80 }] }))) ?? '', /selektor/);
  assert.match((await refusal(service({ ports: [{ port: 99_999 }] }))) ?? '', /spec\.ports\[0\]\.port/);
  assert.equal(await refusal(service({ ports: [{ port: 80 }] })), undefined);
});
