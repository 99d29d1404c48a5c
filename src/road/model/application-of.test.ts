import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type BackingService, type Facts, readProject, type Settings } from '../project/index.ts';
import { applicationOf } from './application-of.ts';
import type { Application, Part } from './contract.ts';

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

const NODE = { 'package.json': '{"name":"shop","scripts":{"start":"node a.js"}}', 'a.js': 'app.listen(3000)' };
const at = <T>(value: T) => ({ value, source: 'wherry.yaml:1' });
const withSettings = async (settings: Settings, files: Record<string, string> = NODE): Promise<Application> =>
  applicationOf({ ...(await factsOf(files)), settings }, { name: 'shop' });
const partNamed = (application: Application, name: string): Part => {
  const part = application.parts.find((each) => each.name === name);
  assert.ok(part, `${name} among ${application.parts.map((each) => each.name).join(', ')}`);
  return part;
};
const service = (kind: BackingService['kind']): BackingService => ({
  kind,
  source: 'package.json:3',
  driver: kind,
  scheme: kind === 'rabbitmq' ? 'amqp' : kind,
  image: at(`${kind}:1`),
});
const variable = (name: string, more: Partial<Facts['variables'][number]> = {}): Facts['variables'][number] => ({
  name,
  fallback: undefined,
  sources: ['a.js:1'],
  secret: undefined,
  service: undefined,
  ...more,
});
const given = (application: Application, name: string): unknown =>
  partNamed(application, 'shop').environment.find((each) => each.name === name)?.value;

test('an app of a folder is a front part, its database, its seed and one build', async () => {
  const facts = await readProject(join(process.cwd(), 'examples/users'));
  const application = applicationOf(facts, { name: 'users' });
  assert.deepEqual(
    application.parts.map(({ name, kind, role, stage }) => [name, kind, role, stage]),
    [
      ['users-database', 'statefulset', 'database', undefined],
      ['users-seed', 'job', 'seed', 'seed'],
      ['users', 'deployment', 'web', undefined],
    ],
  );
  const front = partNamed(application, 'users');
  assert.deepEqual(front.needs, [
    { part: 'users-database', condition: 'ready' },
    { part: 'users-seed', condition: 'completed' },
  ]);
  assert.deepEqual(front.image, { build: 'users' });
  assert.match(application.builds[0]?.text ?? '', /^FROM /m);
  assert.equal(application.builds[0]?.directory, facts.directory);
  assert.ok(application.release.smokePaths.includes('/ready'));
});

test('processes run beside the front part with its image and environment; of a clock there is one', async () => {
  const application = applicationOf(
    {
      ...(await factsOf({ ...NODE, 'a.js': 'app.listen(process.env.PORT ?? 3000, process.env.MODE ?? "quick")' })),
      processes: [
        { name: 'worker', command: at('node worker.js'), quantity: at(3) },
        { name: 'clock', command: at('node clock.js | tee log'), quantity: undefined },
      ],
    },
    { name: 'shop' },
  );
  const [front, worker, clock] = ['shop', 'shop-worker', 'shop-clock'].map((name) => partNamed(application, name));
  assert.deepEqual(worker?.image, front?.image);
  assert.deepEqual(worker?.environment, front?.environment);
  assert.deepEqual([worker?.ports, worker?.replicas, worker?.command], [[], 3, ['node', 'worker.js']]);
  assert.deepEqual([clock?.single, clock?.command], [true, ['sh', '-c', 'node clock.js | tee log']]);
});

test('before anything serves each step waits for the one before it', async () => {
  const facts = await factsOf(NODE);
  const application = applicationOf(
    {
      ...facts,
      migrate: at('npm run migrate'),
      settings: {
        hooks: { before: [at('npm run check')], between: [at('npm run warm')], after: [at('npm run tell')] },
      },
    },
    { name: 'shop' },
  );
  const needs = (name: string) =>
    partNamed(application, name).needs.map(({ part, condition }) => `${part} ${condition}`);
  assert.deepEqual(needs('shop-before-1'), []);
  assert.deepEqual(needs('shop-migrate'), ['shop-before-1 completed']);
  assert.deepEqual(needs('shop'), ['shop-migrate completed']);
  assert.deepEqual(needs('shop-between-1'), ['shop ready']);
  assert.equal(partNamed(application, 'shop-after-1').stage, 'after');
});

test('two databases have names of their own', async () => {
  const facts = { ...(await factsOf(NODE)), services: [service('postgres'), service('mysql'), service('redis')] };
  const names = applicationOf(facts, { name: 'shop' }).parts.map(({ name }) => name);
  assert.deepEqual(names, ['shop-database', 'shop-mysql', 'shop-redis', 'shop']);
});

test('every kind of server gives every part of its address', async () => {
  const facts = await factsOf(NODE);
  for (const kind of ['mysql', 'postgres', 'redis', 'mongodb', 'rabbitmq', 'memcached', 's3'] as const) {
    const parts = ['host', 'port', 'user', 'password', 'name', 'url', 'endpoint'] as const;
    const application = applicationOf(
      {
        ...facts,
        services: [service(kind)],
        variables: parts.map((part) => variable(`X_${part.toUpperCase()}`, { service: { kind, part } })),
      },
      { name: 'shop' },
    );
    const sets = new Map(application.secrets.map((set) => [set.name, set]));
    for (const { name, value } of partNamed(application, 'shop').environment) {
      if (value.is !== 'secret') continue;
      assert.ok(
        Object.hasOwn(sets.get(value.set)?.values ?? {}, value.key),
        `${kind} ${name}: ${value.set}/${value.key}`,
      );
    }
    const host = given(application, 'X_HOST');
    assert.deepEqual(host, { is: 'plain', text: application.parts[0]?.name });
    const wanted = kind === 'memcached' ? 3 : 7;
    assert.ok(partNamed(application, 'shop').environment.length >= wanted, kind);
  }
});

test('an address in a form of the driver’s own is kept in that form', async () => {
  const template = `jdbc:mysql://\${host}:\${port}/\${database}?user=\${username}&password=\${password}`;
  const facts = { ...(await factsOf(NODE)), services: [{ ...service('mysql'), addressTemplate: template }] };
  const url = applicationOf(facts, { name: 'shop' }).secrets[0]?.values.url;
  assert.deepEqual(url, {
    is: 'joined',
    template: `jdbc:mysql://shop-database:3306/\${database}?user=\${username}&password=\${password}`,
  });
});

test('a server that stays outside is a name for it, and its credentials are the user’s to give', async () => {
  const facts = await factsOf(NODE);
  const application = applicationOf(
    {
      ...facts,
      seed: { value: 'dbsetup.sql', source: 'dbsetup.sql:1' },
      services: [service('postgres')],
      variables: [
        variable('DB_HOST', { service: { kind: 'postgres', part: 'host' } }),
        variable('DB_PORT', { service: { kind: 'postgres', part: 'port' } }),
        variable('DB_PASSWORD', { secret: 'x', service: { kind: 'postgres', part: 'password' } }),
      ],
      settings: { external: { postgres: at('db.example.com:6432') } },
    },
    { name: 'shop' },
  );
  assert.deepEqual(
    application.parts.map(({ name }) => name),
    ['shop'],
  );
  assert.deepEqual(
    application.externals.map(({ name, host, port }) => [name, host, port]),
    [['shop-database', 'db.example.com', 6432]],
  );
  assert.deepEqual(given(application, 'DB_PORT'), { is: 'plain', text: '6432' });
  assert.deepEqual(given(application, 'DB_PASSWORD'), { is: 'secret', set: 'shop-database', key: 'password' });
  assert.equal(application.secrets[0]?.external, true);
  assert.match(application.notes.join('\n'), /dbsetup\.sql is not run, since postgres stays outside/);
});

test('wherry.yaml decides values, replicas and host; a secret in it is hidden and told', async () => {
  const application = await withSettings(
    {
      replicas: at(5),
      host: at('shop.example.com'),
      environment: { MODE: at('slow'), STRIPE_API_KEY: at('sk_test_4eC39HqLyjWDarjtT1zdp7dc'), EXTRA: at('1') },
    },
    { ...NODE, 'a.js': 'process.env.MODE ?? "quick"; process.env.STRIPE_API_KEY; app.listen(3000)' },
  );
  const front = partNamed(application, 'shop');
  assert.deepEqual([front.replicas, front.way?.host], [5, 'shop.example.com']);
  assert.deepEqual(given(application, 'MODE'), { is: 'plain', text: 'slow' });
  assert.deepEqual(given(application, 'EXTRA'), { is: 'plain', text: '1' });
  assert.deepEqual(given(application, 'STRIPE_API_KEY'), { is: 'secret', set: 'shop', key: 'STRIPE_API_KEY' });
  assert.match(application.notes.join('\n'), /wherry\.yaml:1: STRIPE_API_KEY is kept in a Secret/);
});

test('an app that writes no files runs on a read-only root; one that does says where', async () => {
  const reading = await withSettings({});
  assert.equal(partNamed(reading, 'shop').container?.securityContext?.readOnlyRootFilesystem, true);
  assert.deepEqual(
    partNamed(reading, 'shop').mounts.map(({ path }) => path),
    ['/tmp'],
  );
  const logging = await withSettings({}, { ...NODE, 'a.js': 'app.listen(3000)\npino({ level: "info" })' });
  assert.equal(partNamed(logging, 'shop').container?.securityContext?.readOnlyRootFilesystem, true);
  const writing = await withSettings({}, { ...NODE, 'a.js': 'app.listen(3000)\nfs.writeFileSync("x", "y")' });
  assert.equal(partNamed(writing, 'shop').container, undefined);
  assert.match(writing.notes.join('\n'), /a\.js:2: the code seems to write files \(writeFileSync\(\), so the root/);
});

test('the start that wherry.yaml says is run in an image of the author’s own too', async () => {
  const own = { Dockerfile: 'FROM node:24\nEXPOSE 3000\nCMD ["./boot.sh"]\n' };
  const said = applicationOf(await factsOf({ ...own, 'wherry.yaml': 'start: node other.js\n' }), { name: 'shop' });
  assert.deepEqual(partNamed(said, 'shop').command, ['node', 'other.js']);
  const silent = applicationOf(await factsOf(own), { name: 'shop' });
  assert.equal(partNamed(silent, 'shop').command, undefined);
});
