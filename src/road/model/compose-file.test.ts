import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { applicationOfCompose, readCompose } from '../compose/index.ts';
import { readProject } from '../project/index.ts';
import { applicationOf } from './application-of.ts';
import { composeFileOf, environmentExampleOf } from './compose-file.ts';
import type { Application, Part } from './contract.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile_inline?: string };
  readonly entrypoint?: string[];
  readonly environment?: Record<string, string>;
  readonly healthcheck?: { readonly test: string[] };
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly [key: string]: unknown;
}
interface File {
  readonly name: string;
  readonly services: Record<string, Service>;
  readonly [key: string]: unknown;
}
const read = (application: Application): File => parse(composeFileOf(application)) as File;

const part = (name: string, more: Partial<Part> = {}): Part => ({
  name,
  kind: 'deployment',
  role: 'part',
  image: { reference: 'x:1' },
  environment: [],
  ports: [],
  mounts: [],
  needs: [],
  source: `Procfile:1`,
  ...more,
});
const application = (parts: readonly Part[], more: Partial<Application> = {}): Application => ({
  name: 'shop',
  version: undefined,
  parts,
  builds: [],
  settings: [],
  secrets: [],
  volumes: [],
  externals: [],
  front: undefined,
  release: { smokePaths: [] },
  notes: [],
  ...more,
});

test('an app with a database runs on a laptop from the same model', async () => {
  const users = applicationOf(await readProject(join(process.cwd(), 'examples/users')), { name: 'users' });
  const { name, services, volumes, configs } = read(users);
  assert.equal(name, 'users');
  assert.deepEqual(Object.keys(services), ['users-database', 'users']);
  const app = services.users;
  assert.deepEqual(app?.build, { context: '.' });
  assert.deepEqual(app?.ports, ['127.0.0.1:8080:8080']);
  assert.deepEqual(app?.depends_on, {
    'users-database': { condition: 'service_healthy' },
  });
  assert.equal(app?.environment?.DATABASE_HOST, 'users-database');
  assert.match(app?.environment?.DATABASE_PASSWORD ?? '', /^\$\{USERS_DATABASE_PASSWORD:\?/);
  assert.match(app?.environment?.DATABASE_NAME ?? '', /^\$\{USERS_DATABASE_DATABASE:-\w+\}$/);
  assert.equal(services['users-database']?.healthcheck?.test[0], 'CMD');
  assert.deepEqual(services['users-database']?.volumes, ['users-database-data:/var/lib/mysql']);
  assert.deepEqual(volumes, { 'users-database-data': {} });
  // Run by the database's own image when its data is made: a job would run at each start.
  assert.deepEqual(services['users-database']?.configs, [
    { source: 'users-seed-seed-sql', target: '/docker-entrypoint-initdb.d/seed.sql' },
  ]);
  assert.deepEqual(configs, { 'users-seed-seed-sql': { file: './dbsetup.sql' } });
});

test('no password stands in the file nor in .env.example, and each that is asked for is named there', async () => {
  const users = applicationOf(await readProject(join(process.cwd(), 'examples/users')), { name: 'users' });
  const text = composeFileOf(users);
  const example = environmentExampleOf(users);
  const asked = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name));
  assert.deepEqual([...asked].sort(), ['USERS_DATABASE_PASSWORD', 'USERS_DATABASE_ROOT_PASSWORD']);
  for (const name of asked) assert.match(example, new RegExp(`^${name}=$`, 'm'));
  assert.match(example, /^USERS_DATABASE_USERNAME=users$/m);
});

test('what it writes is read back as compose files are, and becomes the same parts', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'users-'));
  made.push(directory);
  cpSync(join(process.cwd(), 'examples/users'), directory, { recursive: true });
  const users = applicationOf(await readProject(directory), { name: 'users' });
  writeFileSync(join(directory, 'compose.yaml'), composeFileOf(users, { inline: true }));
  const filled = environmentExampleOf(users).replace(/=$/gm, '=secret1234');
  writeFileSync(join(directory, '.env'), filled);
  const project = await readCompose([join(directory, 'compose.yaml')], { environment: {} });
  const back = applicationOfCompose(project).application;
  assert.deepEqual(back.parts.map(({ name }) => name).sort(), ['users', 'users-database']);
  const front = back.parts.find(({ name }) => name === 'users');
  assert.deepEqual(front?.needs, [{ part: 'users-database', condition: 'ready' }]);
  const database = back.parts.find(({ name }) => name === 'users-database');
  assert.ok(database?.mounts.some(({ path }) => path === '/docker-entrypoint-initdb.d/seed.sql'));
  assert.equal(front?.ports[0]?.target, 8080);
});

test('dollars, texts that look like numbers and truth values stay what they are', () => {
  const values = { PRICE: `$5 and \${HOME}`, ON: 'on', PORTS: '22:22', OCTAL: '0644', NONE: '', LINE: 'a\nb' };
  const environment = Object.entries(values).map(([name, text]) => ({
    name,
    value: { is: 'plain' as const, text },
    source: 'x',
  }));
  const [one] = Object.values(read(application([part('one', { environment })])).services);
  for (const [name, text] of Object.entries(values)) {
    assert.equal(one?.environment?.[name]?.replaceAll('$$', '$'), text);
  }
});

test('an address with a password is put together from variables', () => {
  const environment = [{ name: 'URL', value: { is: 'secret' as const, set: 'db', key: 'url' }, source: 'x' }];
  const wanted = application([part('one', { environment })], {
    secrets: [
      {
        name: 'db',
        role: 'database',
        values: {
          password: { is: 'random' },
          username: { is: 'text', text: 'shop' },
          url: { is: 'joined', template: `mysql://\${username}:\${password}@db/x` },
        },
        source: 'x',
      },
    ],
  });
  const text = read(wanted).services.one?.environment?.URL ?? '';
  assert.match(text, /^mysql:\/\/\$\{DB_USERNAME:-shop\}:\$\{DB_PASSWORD:\?[^}]*\}@db\/x$/);
  assert.match(environmentExampleOf(wanted), /^DB_PASSWORD=$/m);
});

test('jobs end, a schedule is left to be called, workers are as many as wanted', () => {
  const { services } = read(
    application([
      part('worker', { replicas: 3, gracePeriodSeconds: 60, aliases: ['w'] }),
      part('once', { kind: 'job' }),
      part('nightly', { kind: 'cronjob', schedule: '0 3 * * *' }),
    ]),
  );
  assert.deepEqual([services.worker?.deploy, services.worker?.stop_grace_period], [{ replicas: 3 }, '60s']);
  assert.deepEqual(services.worker?.networks, { default: { aliases: ['w'] } });
  assert.equal(services.once?.restart, 'no');
  assert.deepEqual(services.nightly?.profiles, ['scheduled']);
});

test('a healthcheck asks by what the image has: it answers for a server that is there and not for one that is not', async () => {
  const { createServer } = await import('node:http');
  const server = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const answers = async (port: number, probe: object): Promise<boolean> => {
    const ports = [{ name: 'http', target: port, port, protocol: 'TCP' as const }];
    const file = read(application([part('one', { ports, probes: { readiness: probe } })]));
    const line = file.services.one?.healthcheck?.test[1]?.replaceAll('$$', '$') ?? '';
    const { spawn } = await import('node:child_process');
    const child = spawn('sh', ['-c', line], { stdio: 'ignore', timeout: 20_000 });
    return await new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
  };
  try {
    for (const probe of [{ httpGet: { path: "/a?b='c'", port: 'http' } }, { tcpSocket: { port: 'http' } }]) {
      assert.equal(await answers(address.port, probe), true, JSON.stringify(probe));
      assert.equal(await answers(1, probe), false, JSON.stringify(probe));
    }
  } finally {
    server.close();
  }
});
