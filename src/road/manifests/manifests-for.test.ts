import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Facts, readProject } from '../project/index.ts';
import type { Manifest, ManifestOptions } from './contract.ts';
import { manifestsFor } from './manifests-for.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

async function factsOf(files: Record<string, string>): Promise<Facts> {
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  made.push(directory);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  return await readProject(directory);
}

const example = (name: string): Promise<Facts> => readProject(join(process.cwd(), 'examples', name));
const options: ManifestOptions = {
  name: 'shop',
  namespace: 'default',
  image: 'localhost/shop:1',
  host: 'shop.localhost',
};
const of = (objects: readonly Manifest[], kind: string, name?: string): Found => {
  const object = objects.find((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  assert.ok(object, `${kind} ${name ?? ''}`);
  return object as unknown as Found;
};
const decoded = (secret: Pick<Found, 'data'>): Record<string, string> =>
  Object.fromEntries(Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
const pod = (workload: Pick<Found, 'spec'>): PodSpec => workload.spec.template.spec;
/** What a probe asks, without its times. */
const target = (probe: unknown): unknown => {
  const { httpGet, tcpSocket } = (probe ?? {}) as { httpGet?: object; tcpSocket?: object };
  return httpGet ? { httpGet } : { tcpSocket };
};
interface Found {
  metadata: Manifest['metadata'];
  data: Record<string, string>;
  spec: { template: { spec: PodSpec }; replicas: number; strategy: { rollingUpdate: object } };
}
interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: {
    env?: {
      name: string;
      value?: string;
      valueFrom?: { secretKeyRef: { name: string; key: string; optional?: boolean } };
    }[];
    securityContext: { allowPrivilegeEscalation: boolean; capabilities?: { drop: string[] } };
    resources: { requests: object; limits: object };
    [probe: string]: unknown;
  }[];
}

test('no password stands anywhere but in a Secret', async () => {
  for (const name of ['users', 'users-flask']) {
    const made: string[] = [];
    const password = (): string => {
      made.push(`pa55-${made.length}-zzz`);
      return made.at(-1) ?? '';
    };
    const { objects } = manifestsFor(await example(name), { ...options, password });
    assert.ok(made.length >= 2);
    for (const object of objects) {
      if (object.kind === 'Secret') continue;
      for (const secret of made) {
        assert.ok(!JSON.stringify(object).includes(secret), `${object.kind} shows ${secret}`);
        assert.ok(!JSON.stringify(object).includes(Buffer.from(secret).toString('base64')));
      }
    }
    const config = of(objects, 'ConfigMap');
    assert.match(config.metadata.name, /^shop-[0-9a-f]{8}$/);
    assert.equal(config.metadata.labels?.['wherry/settings'], 'shop');
    assert.deepEqual(Object.keys(config.data).sort(), ['DATABASE_HOST', 'PORT']);
  }
});

test('credentials that the cluster has are kept, and the same objects come out', async () => {
  const facts = await example('users');
  const first = manifestsFor(facts, options).objects;
  const kept = decoded(of(first, 'Secret', 'shop-database'));
  assert.match(kept.password ?? '', /^[A-Za-z0-9]{32}$/);
  assert.notEqual(kept.password, kept['root-password']);
  const second = manifestsFor(facts, { ...options, secrets: new Map([['shop-database', kept]]) }).objects;
  assert.deepEqual(second, first);
  const fresh = manifestsFor(facts, options).objects;
  assert.notDeepEqual(of(fresh, 'Secret', 'shop-database'), of(first, 'Secret', 'shop-database'));
});

test('a changed setting rolls the pods, the same settings do not', async () => {
  const facts = await example('users');
  const secrets = new Map([['shop-database', decoded(of(manifestsFor(facts, options).objects, 'Secret'))]]);
  const template = (changed: Facts): string =>
    JSON.stringify(of(manifestsFor(changed, { ...options, secrets }).objects, 'Deployment').spec);
  assert.equal(template(facts), template(facts));
  const moved = facts.variables.map((variable) =>
    variable.name === 'DATABASE_HOST' ? { ...variable, name: 'DB_HOST' } : variable,
  );
  assert.notEqual(template({ ...facts, variables: moved }), template(facts));
});

test('the app gets every variable it reads, hidden ones by reference', async () => {
  const { objects } = manifestsFor(await example('users-flask'), options);
  const app = pod(of(objects, 'Deployment')).containers[0];
  assert.deepEqual(
    app?.env?.map(({ name, valueFrom }) => `${name} ${valueFrom?.secretKeyRef.name}/${valueFrom?.secretKeyRef.key}`),
    [
      'DATABASE_USER shop-database/username',
      'DATABASE_PASSWORD shop-database/password',
      'DATABASE_NAME shop-database/database',
    ],
  );
});

test('a connection URL is made whole, in the scheme of the driver', async () => {
  const facts = await factsOf({
    'requirements.txt': 'fastapi\npsycopg[binary]\n',
    'main.py': 'import os\napp = FastAPI()\nurl = os.environ["DATABASE_URL"]\n',
  });
  const { objects } = manifestsFor(facts, options);
  const { url, password } = decoded(of(objects, 'Secret', 'shop-database'));
  assert.equal(url, `postgresql+psycopg://shop:${password}@shop-database:5432/shop`);
});

test('every pod runs without rights it does not need, with requests and a memory limit', async () => {
  const { objects } = manifestsFor(await example('users'), options);
  for (const object of objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))) {
    const { containers, securityContext, ...rest } = pod(object as never) as PodSpec & Record<string, unknown>;
    assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
    assert.equal(rest.automountServiceAccountToken, false);
    assert.equal(rest.enableServiceLinks, false);
    for (const { securityContext: rights, resources } of containers) {
      assert.equal(rights.allowPrivilegeEscalation, false);
      assert.deepEqual(rights.capabilities?.drop, ['ALL']);
      assert.ok('memory' in resources.limits && 'cpu' in resources.requests);
    }
    if (object.kind !== 'StatefulSet') {
      assert.equal(securityContext.runAsNonRoot, true);
      assert.ok(Number(securityContext.runAsUser) > 0);
    }
  }
});

test('the app rolls without a gap and is probed at the routes made for it', async () => {
  const { objects } = manifestsFor(await example('users'), options);
  const deployment = of(objects, 'Deployment');
  assert.equal(deployment.spec.replicas, 2);
  assert.deepEqual(deployment.spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
  const app = pod(of(objects, 'Deployment')).containers[0];
  assert.deepEqual(target(app?.readinessProbe), { httpGet: { path: '/ready', port: 'http' } });
  assert.deepEqual(target(app?.livenessProbe), { httpGet: { path: '/health', port: 'http' } });
  assert.deepEqual(app?.lifecycle, { preStop: { sleep: { seconds: 5 } } });
});

test('without routes the port is probed', async () => {
  const facts = await factsOf({ Dockerfile: 'FROM scratch\nEXPOSE 9000\n' });
  const app = pod(of(manifestsFor(facts, options).objects, 'Deployment')).containers[0];
  assert.deepEqual(target(app?.readinessProbe), { tcpSocket: { port: 'http' } });
});

test('a Dockerfile that runs as root is left its user; a numeric user is held to it', async () => {
  const rights = async (user: string) => {
    const facts = await factsOf({ Dockerfile: `FROM debian:12\nEXPOSE 80\n${user}` });
    return pod(of(manifestsFor(facts, options).objects, 'Deployment')).securityContext.runAsNonRoot;
  };
  assert.equal(await rights(''), undefined);
  assert.equal(await rights('USER root\n'), undefined);
  assert.equal(await rights('USER nginx\n'), undefined);
  assert.equal(await rights('USER 1000:1000\n'), true);
});

test('the seed Job changes its name with its SQL and only then', async () => {
  const files = { 'package.json': '{"name":"a","dependencies":{"mysql2":"3"},"scripts":{"start":"node a"}}' };
  const seed = async (sql: string) => {
    const { objects } = manifestsFor(await factsOf({ ...files, 'dbsetup.sql': sql }), options);
    return of(objects, 'Job');
  };
  const one = await seed('CREATE TABLE a (b INT);');
  assert.equal((await seed('CREATE TABLE a (b INT);')).metadata.name, one.metadata.name);
  assert.notEqual((await seed('CREATE TABLE a (c INT);')).metadata.name, one.metadata.name);
  assert.match(one.metadata.name, /^shop-seed-[0-9a-f]{8}$/);
});

test('SQL that needs an administrator runs as one; SQL with passwords is kept in a Secret', async () => {
  const files = { 'package.json': '{"name":"a","dependencies":{"mysql2":"3"},"scripts":{"start":"node a"}}' };
  const plain = manifestsFor(await factsOf({ ...files, 'dbsetup.sql': 'SELECT 1;' }), options).objects;
  assert.match(JSON.stringify(of(plain, 'Job')), /MYSQL_USER/);
  assert.ok(plain.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.includes('seed')));
  const sql = "CREATE DATABASE x; CREATE USER u IDENTIFIED BY 'pw';";
  const grand = manifestsFor(await factsOf({ ...files, 'dbsetup.sql': sql }), options).objects;
  assert.match(JSON.stringify(of(grand, 'Job')), /-u \\"root\\"/);
  assert.ok(grand.some(({ kind, metadata }) => kind === 'Secret' && metadata.name.includes('seed')));
  assert.ok(!grand.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.includes('seed')));
});

test('a seed larger than an object is refused with what to do', async () => {
  const facts = await factsOf({
    'package.json': '{"name":"a","dependencies":{"mysql2":"3"},"scripts":{"start":"node a"}}',
    'dbsetup.sql': `-- ${'x'.repeat(1_000_001)}`,
  });
  assert.throws(
    () => manifestsFor(facts, options),
    /^UserError: dbsetup\.sql:1: dbsetup\.sql has 1000004 bytes; at most 1000000 fit/,
  );
});

test("the app's own secret is made, a third party's is asked for", async () => {
  const facts = await factsOf({
    'package.json': '{"name":"a","scripts":{"start":"node a.js"}}',
    'a.js':
      'process.env.SESSION_SECRET; process.env.STRIPE_API_KEY; process.env.SHOP_NAME;\napp.listen(process.env.PORT ?? 80)',
  });
  const { objects, notes } = manifestsFor(facts, options);
  const made = decoded(of(objects, 'Secret', 'shop'));
  assert.deepEqual(Object.keys(made), ['SESSION_SECRET']);
  assert.match(made.SESSION_SECRET ?? '', /^[A-Za-z0-9]{32}$/);
  const references = pod(of(objects, 'Deployment')).containers[0]?.env?.map(({ name, valueFrom }) => [
    name,
    valueFrom?.secretKeyRef.optional ?? false,
  ]);
  assert.deepEqual(references, [
    ['SESSION_SECRET', false],
    ['STRIPE_API_KEY', true],
  ]);
  assert.match(notes.join('\n'), /a\.js:1: STRIPE_API_KEY is a secret only you have/);
  assert.match(notes.join('\n'), /a\.js:1: SHOP_NAME is read without a default/);
});

test('an app told to listen on loopback by default is told to listen everywhere', async () => {
  const facts = await factsOf({
    'package.json': '{"name":"a","scripts":{"start":"node a.js"}}',
    'a.js': "server.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1')",
  });
  const { data } = of(manifestsFor(facts, options).objects, 'ConfigMap');
  assert.deepEqual(data, { PORT: '3000', HOST: '0.0.0.0' });
});

test('the way in: a host, the bare address besides, or none', async () => {
  const facts = await example('users');
  const rules = (choice: Partial<ManifestOptions>): unknown => {
    const { objects } = manifestsFor(facts, { name: 'shop', namespace: 'shops', image: 'x:1', ...choice });
    const ingress = objects.find(({ kind }) => kind === 'Ingress') as
      | { spec: { rules: { host?: string }[] } }
      | undefined;
    return ingress?.spec.rules.map(({ host }) => host);
  };
  assert.deepEqual(rules({ host: 'a.example' }), ['a.example']);
  assert.deepEqual(rules({ host: 'a.localhost', defaultRoute: true }), ['a.localhost', undefined]);
  assert.equal(rules({}), undefined);
});

test('every object carries the recommended labels and its namespace', async () => {
  const { objects } = manifestsFor(await example('users'), { ...options, namespace: 'shops' });
  assert.equal(objects[0]?.kind, 'Namespace');
  for (const { kind, metadata } of objects.slice(1)) {
    assert.equal(metadata.namespace, 'shops', kind);
    for (const label of ['name', 'instance', 'component', 'part-of', 'managed-by']) {
      assert.ok(metadata.labels?.[`app.kubernetes.io/${label}`], `${kind} ${label}`);
    }
  }
});
