import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { call, eventually, type Said, type TestCluster, testCluster } from './harness.ts';
import { screenText, terminalPicture } from './terminal-picture.ts';

const root = process.cwd();
const wherry = join(root, 'dist/wherry.mjs');
const USERS = [
  { id: 1, name: 'admin', email: 'admin@example.com' },
  { id: 2, name: 'guest', email: 'guest@example.com' },
];
/** What the examples' images are built on. */
const BASES = ['node:24-bookworm-slim', 'python:3.13-slim-bookworm'];
/** Steps that run side by side end in any order; the picture has them in this one, then the rest as it came. */
const STEP_ORDER = ['read', 'cluster', 'image', 'images'];

let cluster: TestCluster;
let folder: string;
let url: string;
let upOutput: string;

before(() => {
  cluster = testCluster({ start: false });
  // A machine that has none of them yet may take minutes to fetch or assemble them.
  for (const image of ['mariadb:11.4', ...BASES]) {
    const pulled = cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 });
    assert.equal(pulled.exitCode, 0, pulled.stderr);
  }
  folder = join(mkdtempSync(join(tmpdir(), 'wherry-road-')), 'users');
  cpSync(join(root, 'examples/users'), folder, {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist)(\/|$)/.test(path.slice(root.length)),
  });
});

after(() => {
  try {
    const images = ownImages();
    cluster.delete();
    for (const image of images) cluster.wherry('image', 'remove', image);
  } finally {
    cluster.delete();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
});

let imagesBefore: ReadonlySet<string> = new Set();
const imageNames = () =>
  (JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]).map(({ name }) => name);
const ownImages = () => imageNames().filter((name) => name.startsWith('localhost/users') && !imagesBefore.has(name));

describe('wherry up examples/users', () => {
  test('ends with exit status 0 and the URL on its last line', () => {
    imagesBefore = new Set(imageNames());
    const said = inTerminal(['up', folder, '--name', cluster.name]);
    assert.equal(said.exitCode, 0, said.stdout);
    upOutput = said.stdout;
    url = lastLine(said.stdout);
    assert.match(url, /^http:\/\/127\.0\.0\.1(:\d+)?$/);
  });

  test('the app serves the users of a real database', async () => {
    assert.deepEqual(JSON.parse((await get(`${url}/users`)).text), USERS);
    assert.deepEqual(JSON.parse((await get(`${url}/version`)).text), { name: 'users', version: '1.0.0' });
    assert.equal((await get(`${url}/ready`)).status, 200);
    assert.match((await get(`${url}/metrics`)).text, /^http_requests_total\{.*route="\/ready",status="200"\} \d/m);
    const version = cluster.wherry(
      'exec',
      ...here(),
      '--component',
      'database',
      'users',
      '--',
      'mariadbd',
      '--version',
    );
    assert.match(version, /MariaDB/);
  });

  test('the cluster holds what a careful engineer would have written', () => {
    const [secret, database, claim, deployment, service, ingress] = [
      'secret/users-database',
      'statefulset/users-database',
      'persistentvolumeclaim/data-users-database-0',
      'deployment/users',
      'service/users',
      'ingress/users',
    ].map(read) as [Read, Read, Read, Read, Read, Read];
    const settings = read(settingsName());
    assert.deepEqual(settings.data, { DATABASE_HOST: 'users-database', PORT: '8080' });
    const password = Buffer.from(secret.data?.password ?? '', 'base64').toString();
    assert.ok(password.length >= 20, 'a password that nobody guesses');
    for (const kind of ['configmaps', 'deployments', 'statefulsets', 'jobs']) {
      assert.ok(!cluster.kubectl('get', kind, '-o', 'yaml').includes(password), `${kind} show the password`);
    }
    assert.equal(database.status?.readyReplicas, 1);
    assert.equal(claim.status?.phase, 'Bound');
    const { items: jobs } = JSON.parse(cluster.kubectl('get', 'jobs', '-o', 'json')) as { items: Read[] };
    assert.deepEqual(
      jobs.map(({ status }) => status?.succeeded),
      [1],
    );
    assert.equal(deployment.spec?.replicas, 2);
    assert.equal(deployment.status?.readyReplicas, 2);
    const pod = deployment.spec?.template?.spec;
    assert.equal(pod?.securityContext?.runAsNonRoot, true);
    const [app] = pod?.containers ?? [];
    assert.equal(app?.readinessProbe?.httpGet?.path, '/ready');
    assert.equal(app?.livenessProbe?.httpGet?.path, '/health');
    assert.notEqual(app?.startupProbe, undefined);
    assert.equal(service.spec?.ports?.[0]?.port, 80);
    assert.ok(ingress.spec?.rules?.some(({ host }) => host === 'users.localhost'));
    assert.notEqual(cluster.wherry('exec', ...here(), 'users', '--', 'id', '-u').trim(), '0');
  });

  test('a second up changes nothing', () => {
    const versions = () =>
      cluster.kubectl(
        'get',
        'deployment/users',
        'statefulset/users-database',
        'secret/users-database',
        settingsName(),
        'ingress/users',
        '-o',
        'jsonpath={.items[*].metadata.resourceVersion}',
      );
    const versionsBefore = versions();
    const result = JSON.parse(cluster.wherry('up', folder, ...here(), '--json')) as Record<string, unknown>;
    assert.deepEqual([result.built, result.release, result.url], [false, undefined, url]);
    assert.equal(versions(), versionsBefore);
  });

  test('status, logs, exec and plan tell of it', () => {
    const status = JSON.parse(cluster.wherry('status', ...here(), 'users', '--json')) as {
      apps: { name: string; parts: { kind: string; ready: string }[] }[];
    };
    assert.deepEqual(
      status.apps.map(({ name, parts }) => [name, parts.map(({ kind, ready }) => `${kind} ${ready}`).sort()]),
      [['users', ['Deployment 2/2', 'Job done', 'StatefulSet 1/1']]],
    );
    assert.match(cluster.wherry('logs', ...here(), 'users', '--component', 'web'), /^users-\S+ \{.*"url":"\/users"/m);
    assert.match(cluster.wherry('exec', ...here(), 'users', '--', 'env'), /^DATABASE_HOST=users-database$/m);
    assert.equal(cluster.tryWherry(['exec', ...here(), 'users', '--', 'sh', '-c', 'exit 9']).exitCode, 9);
    const plan = JSON.parse(cluster.wherry('plan', folder, '--json')) as {
      facts: { port: { value: number; source: string } };
      dockerfile: string;
      objects: { kind: string }[];
    };
    assert.equal(plan.facts.port.value, 8080);
    assert.match(plan.facts.port.source, /^src\/settings\.ts:\d+$/);
    assert.match(plan.dockerfile, /^FROM /m);
    assert.ok(plan.objects.some(({ kind }) => kind === 'Ingress'));
  });

  test('what the terminal showed is what the README shows', () => {
    picture('up', 'wherry up examples/users', upOutput);
    const status = inTerminal(['status', ...here()]);
    assert.equal(status.exitCode, 0, status.stdout);
    picture('status', 'wherry status', status.stdout);
  });

  test('a killed database comes back with its data', async () => {
    const sql = "INSERT INTO users (name, email) VALUES ('third', 'third@example.com')";
    const insert = `MYSQL_PWD=$MYSQL_PASSWORD mariadb -u "$MYSQL_USER" "$MYSQL_DATABASE" -e "${sql}"`;
    cluster.wherry('exec', ...here(), '--component', 'database', 'users', '--', 'sh', '-c', insert);
    const uid = () => cluster.kubectl('get', 'pod', 'users-database-0', '-o', 'jsonpath={.metadata.uid}');
    const first = uid();
    cluster.kubectl('delete', 'pod', 'users-database-0', '--grace-period=0', '--force');
    await eventually('a new pod', () => uid() !== first);
    cluster.kubectl('rollout', 'status', 'statefulset/users-database', '--timeout=60s');
    const names = await eventually('the app to answer', async () => {
      const { status, text } = await get(`${url}/users`);
      return status === 200 && (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
    });
    assert.deepEqual(names, ['admin', 'guest', 'third']);
  });

  test('a changed source file is built and rolled out, and no request fails', async () => {
    cluster.kubectl('rollout', 'status', 'deployment/users', '--timeout=60s');
    const source = join(folder, 'src/app.ts');
    const changed = readFileSync(source, 'utf8').replace(
      'version: about.version }',
      'version: about.version, second: true }',
    );
    writeFileSync(source, changed);
    const load = startLoad(`${url}/users`, 4);
    const said = await callAlongside(['up', folder, ...here()]);
    const { answered, failed } = await load.stop();
    assert.equal(said.exitCode, 0, said.stdout + said.stderr);
    assert.equal(lastLine(said.stdout), url);
    assert.deepEqual(failed, []);
    assert.ok(answered > 50, `${answered} requests are no load`);
    assert.deepEqual(JSON.parse((await get(`${url}/version`)).text), { name: 'users', version: '1.0.0', second: true });
    assert.equal(JSON.parse((await get(`${url}/users`)).text).length, 3, 'the seed was loaded again');
  });
});

describe('wherry up examples/users-flask', () => {
  test('crosses by the same command, beside the first, and serves the same', async () => {
    const said = cluster.tryWherry(['up', join(root, 'examples/users-flask'), ...here()], { timeoutMs: 300_000 });
    assert.equal(said.exitCode, 0, said.stdout + said.stderr);
    const second = lastLine(said.stdout);
    assert.match(second, /^http:\/\/users-flask\.localhost(:\d+)?$/);
    assert.deepEqual(JSON.parse((await get(`${second}/users`)).text), USERS);
    assert.equal((await get(`${second}/ready`)).status, 200);
    assert.equal(JSON.parse((await get(`${url}/users`)).text).length, 3, 'the first has lost its own');
  });
});

/** The parts of objects that these tests look at. */
interface Read {
  readonly data?: Record<string, string>;
  readonly spec?: {
    readonly replicas?: number;
    readonly ports?: readonly { port: number }[];
    readonly rules?: readonly { host?: string }[];
    readonly template?: {
      readonly spec: {
        readonly securityContext?: { runAsNonRoot?: boolean };
        readonly containers: readonly Record<'readinessProbe' | 'livenessProbe' | 'startupProbe', Probe | undefined>[];
      };
    };
  };
  readonly status?: { readyReplicas?: number; phase?: string; succeeded?: number };
}

interface Probe {
  readonly httpGet?: { path: string };
}

function read(name: string): Read {
  return JSON.parse(cluster.kubectl('get', name, '-o', 'json')) as Read;
}

/** Its name carries a hash of its content. */
function settingsName(): string {
  return cluster.kubectl('get', 'configmaps', '-l', 'wherry/settings=users', '-o', 'name').trim();
}

function here(): string[] {
  return ['--name', cluster.name];
}

function environment(): Record<string, string> {
  return {
    WHERRY_HOME: cluster.home,
    WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
    KUBECONFIG: join(cluster.home, 'user-kubeconfig'),
  };
}

/** As a person has it: `script` gives the command a terminal. */
function inTerminal(args: readonly string[]): Said {
  const words = [process.execPath, wherry, ...args].map((word) => `'${word}'`).join(' ');
  return call('script', ['-qec', `stty cols 120 rows 40; exec ${words}`, '/dev/null'], {
    timeoutMs: 300_000,
    env: { ...environment(), FORCE_COLOR: '1', TERM: 'xterm-256color' },
  });
}

/** Without stopping this process, which sends load meanwhile. */
async function callAlongside(args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [wherry, ...args], {
    env: { ...process.env, ...environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? 128));
  });
  return { exitCode, stdout, stderr };
}

function startLoad(target: string, clients: number): { stop(): Promise<{ answered: number; failed: string[] }> } {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const failed: string[] = [];
  let [answered, going] = [0, true];
  const one = async () => {
    while (going) {
      try {
        const { status, text } = await get(target, agent);
        if (status === 200) answered++;
        else failed.push(`${status} ${text.slice(0, 200)}`);
      } catch (error) {
        failed.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const running = Array.from({ length: clients }, one);
  return {
    async stop() {
      going = false;
      await Promise.all(running);
      agent.destroy();
      return { answered, failed };
    },
  };
}

/** Names below `localhost` are this machine (RFC 6761), whatever its resolver says. */
function get(target: string, agent?: Agent): Promise<{ status: number; text: string }> {
  const { host, port, pathname } = new URL(target);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: port || '80', path: pathname, headers: { host }, timeout: 20_000 };
    const asked = request({ ...options, ...(agent && { agent }) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('error', reject).on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 20 s')));
    asked.on('error', reject).end();
  });
}

function lastLine(output: string): string {
  return screenText(output).findLast((line) => line !== '') ?? '';
}

/**
 * Compares with the committed picture, or writes it anew with UPDATE_PICTURES=1. What differs from run to run and from
 * machine to machine (times, hashes, ports, images at hand already) is the same in every picture.
 */
function picture(name: string, command: string, output: string): void {
  const suffixes = ['x7k2m', 'q4w9z', 't5d8c'];
  const lines = output
    .split('\n')
    .map((line) => (line.split('\r\x1b[K').at(-1) ?? '').replace(/\r$/, ''))
    .filter((line) => !line.includes('registry out of reach'))
    .map((line) =>
      line
        .replaceAll(cluster.name, 'default')
        .replaceAll('wherry-default', 'wherry')
        .replace(/ is built(?= |$)/, '')
        .replace(/\d+\.\d s/g, '… s')
        .replace(/(localhost\/users:)[0-9a-f]{12}/, '$1d3adb0a70000')
        .replace(/(http:\/\/127\.0\.0\.1)(:\d+)?/, '$1:8080')
        .replace(/(users-seed-)[0-9a-f]{8}/, '$1f88c76ca')
        .replace(/(-[a-z0-9]{8,10}-)[a-z0-9]{5}(?= )/, (_, front) => `${front}${suffixes.shift()}`)
        .replace(/(users-)[a-z0-9]{8,10}(?=-[a-z0-9]{5} ready)/, '$157995bd474')
        .replace(/(?<![\d[])\d+[smh](?:\d+s)? ago by [\w@.-]+/, '1m ago by you@laptop')
        // An age, at the end of a pod's line.
        .replace(/(?<=\[2m)\d+[smh](\d+s)?(?=.\[22m$)/, '1m'),
    );
  const place = (line: string) => {
    const index = STEP_ORDER.findIndex((step) => line.includes(`\x1b[39m ${step} `));
    return index < 0 ? STEP_ORDER.length : index;
  };
  const svg = terminalPicture(command, lines.sort((a, b) => place(a) - place(b)).join('\n'));
  const path = join(root, 'docs/pictures', `${name}.svg`);
  if (process.env.UPDATE_PICTURES === '1') {
    mkdirSync(join(root, 'docs/pictures'), { recursive: true });
    writeFileSync(path, svg);
  }
  assert.equal(svg, readFileSync(path, 'utf8'), `${path} is old; UPDATE_PICTURES=1 draws it anew`);
}
