import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Application, applicationOf, type EnvironmentVariable, looksHidden, type Part } from '../model/index.ts';
import { type Facts, readProject } from '../project/index.ts';
import type { ObjectsOptions } from './contract.ts';
import { withoutSecretTexts } from './hidden-texts.ts';
import { objectsOf } from './objects-of.ts';

/** The same numbers each time, so that a failure can be had again (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const options: ObjectsOptions = { namespace: 'shops', imageOf: () => 'localhost/shop:1', ordering: 'objects' };
const NAMES = ['DB_PASSWORD', 'MYSQL_ROOT_PASSWORD', 'STRIPE_API_KEY', 'SESSION_SECRET', 'GITHUB_TOKEN', 'JWT_SECRET'];
const PLAIN = ['MODE', 'LOG_LEVEL', 'PAGE_SIZE', 'TOKEN_TTL', 'HOSTNAME_OF_DB'];

interface Made {
  readonly application: Application;
  readonly secrets: readonly string[];
}

/** An application with passwords in every place where people put them. */
function randomApplication(next: () => number): Made {
  const secrets: string[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const password = (): string => {
    const letters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789_-.!';
    const text = `p${Array.from({ length: 8 + Math.floor(next() * 12) }, () => pick([...letters])).join('')}9`;
    secrets.push(text);
    return text;
  };
  const environment = (): EnvironmentVariable[] => {
    const hidden = NAMES.filter(() => next() < 0.5).map((name) => [name, password()] as const);
    const plain = PLAIN.filter(() => next() < 0.5).map((name) => [name, `value-${Math.floor(next() * 99)}`] as const);
    const url = next() < 0.5 ? [['UPSTREAM', `amqp://user:${password()}@queue:5672/`] as const] : [];
    return [...hidden, ...plain, ...url].map(([name, text]) => ({ name, value: { is: 'plain', text }, source: 'x:1' }));
  };
  const command = (known: readonly string[]): string[] => {
    const had = known.length > 0 ? pick(known) : undefined;
    const ways: (() => string[])[] = [
      () => ['redis-server', '--requirepass', password()],
      () => ['sh', '-c', `exec server --admin-password=${password()} --port 80`],
      () => ['worker', '--url', `postgres://app:${password()}@db/x`],
      () => ['sh', '-c', `API_TOKEN=${password()} exec server`],
      () => ['mysqladmin', 'ping', '-h', 'localhost', `-p${password()}`],
      () => ['sh', '-c', `mysqladmin ping --silent -p${password()}`],
      () => ['server', '--port', '80'],
    ];
    if (had !== undefined) {
      ways.push(
        () => ['sh', '-c', `mysqladmin ping -p${had} && echo 'it is ${had}'`],
        () => ['server', had],
      );
    }
    return pick(ways)();
  };
  const part = (name: string): Part => {
    const variables = environment();
    const known = variables.flatMap(({ name: each, value }) =>
      NAMES.includes(each) && value.is === 'plain' ? [value.text] : [],
    );
    return {
      name,
      kind: pick(['deployment', 'statefulset', 'daemonset', 'job', 'cronjob'] as const),
      role: 'part',
      image: { reference: 'x:1' },
      command: command(known),
      arguments: command(known),
      environment: variables,
      ports: [],
      probes: { readiness: { exec: { command: command(known) } }, liveness: { exec: { command: command(known) } } },
      mounts: [{ path: '/etc/x', from: { is: 'settings', set: `conf-${name}` } }],
      needs: [],
      source: `compose.yaml#${name}`,
    };
  };
  const parts = ['one', 'two', 'three'].map(part);
  const file = (): string =>
    pick([
      () => `listen 80;\n`,
      () => `db:\n  password: ${password()}\n`,
      () => `{"api_key": "${password()}"}`,
      () => `url=redis://:${password()}@cache:6379`,
      () => `-----BEGIN RSA PRIVATE KEY-----\n${password()}\n-----END RSA PRIVATE KEY-----\n`,
    ])();
  return {
    secrets,
    application: {
      name: 'shop',
      version: undefined,
      parts,
      builds: [],
      settings: parts.map(({ name }) => ({
        name: `conf-${name}`,
        role: 'part',
        values: { 'x.conf': file() },
        source: 'x',
      })),
      secrets: [],
      volumes: [],
      externals: [],
      front: undefined,
      release: { smokePaths: [] },
      notes: [],
    },
  };
}

/** Everything but the Secrets, as text. */
function visible(application: Application): string {
  const { objects } = objectsOf(application, options);
  return JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
}

test('whatever an application says, no password of it stands outside its Secrets', () => {
  const next = random(20_261_120);
  let tried = 0;
  for (let round = 0; round < 300; round++) {
    const { application, secrets } = randomApplication(next);
    const text = visible(application);
    for (const secret of secrets) {
      tried++;
      assert.ok(
        !text.includes(secret),
        `round ${round}: ${secret} in ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 60)}`,
      );
      assert.ok(!text.includes(Buffer.from(secret).toString('base64')));
    }
  }
  assert.ok(tried > 3000, `${tried} secrets are no proof`);
});

test('nothing is lost on the way: each hidden value is in a Secret and each variable is still given', () => {
  const next = random(7);
  for (let round = 0; round < 100; round++) {
    const { application, secrets } = randomApplication(next);
    const moved = withoutSecretTexts(application).application;
    const stored = moved.secrets.flatMap(({ values }) =>
      Object.values(values).map((value) => (value.is === 'text' ? String(value.text) : '')),
    );
    for (const secret of secrets)
      assert.ok(
        stored.some((text) => text.includes(secret)),
        secret,
      );
    for (const [index, { environment }] of application.parts.entries()) {
      const now = moved.parts[index]?.environment.map(({ name }) => name) ?? [];
      assert.deepEqual(
        environment.map(({ name }) => name),
        now.slice(0, environment.length),
      );
    }
  }
});

test('facts with secrets in defaults and in wherry.yaml show none', async () => {
  const users = await readProject(join(process.cwd(), 'examples/users'));
  const next = random(99);
  for (let round = 0; round < 40; round++) {
    const [one, two, three] = [1, 2, 3].map(() => `s${next().toString(36).slice(2)}${next().toString(36).slice(2)}`);
    const variable = (name: string, fallback: string | undefined) => ({
      name,
      fallback,
      sources: ['a.js:1'],
      secret: undefined,
      service: undefined,
    });
    const facts: Facts = {
      ...users,
      variables: [...users.variables, variable('MAIL_PASSWORD', one), variable('QUEUE', `amqp://u:${two}@h/`)],
      settings: { environment: { PAYMENT_API_KEY: { value: three ?? '', source: 'wherry.yaml:2' } } },
    };
    const text = visible(applicationOf(facts, { name: 'users' }));
    for (const secret of [one, two, three]) assert.ok(secret && !text.includes(secret), secret);
    assert.equal(looksHidden(text), undefined);
  }
});

const part = (more: Partial<Part>): Application => ({
  ...randomApplication(random(1)).application,
  settings: [],
  parts: [
    {
      name: 'db',
      kind: 'deployment',
      role: 'database',
      image: { reference: 'x:1' },
      environment: [{ name: 'DB_PASSWORD', value: { is: 'plain', text: "it's $secret1" }, source: 'x:1' }],
      ports: [],
      mounts: [],
      needs: [],
      source: 'compose.yaml:3',
      ...more,
    },
  ],
});

test('a command line reads the password from the variable that the part has already', () => {
  const { application, notes } = withoutSecretTexts(
    part({ command: ['server', '--password', "it's $secret1", '--name', 'x'], arguments: ["--auth=it's $secret1"] }),
  );
  assert.deepEqual(application.parts[0]?.command, ['server', '--password', '$(DB_PASSWORD)', '--name', 'x']);
  assert.deepEqual(application.parts[0]?.arguments, ['--auth=$(DB_PASSWORD)']);
  assert.match(notes.join('\n'), /compose\.yaml:3: a password in the command line of db is read from a Secret instead/);
});

test('a probe reads the password through a shell, which gives its program the same words', () => {
  const words = (command: string[], variables: Record<string, string>): string[] => {
    const [moved] = withoutSecretTexts(part({ probes: { readiness: { exec: { command } } } })).application.parts;
    const list = moved?.probes?.readiness?.exec?.command ?? [];
    assert.ok(!JSON.stringify(list).includes('secret1'), JSON.stringify(list));
    const [program = '', ...rest] = list;
    return execFileSync(program, rest, { encoding: 'utf8', env: { PATH: process.env.PATH, ...variables } })
      .split('\n')
      .slice(0, -1);
  };
  const variables = { DB_PASSWORD: "it's $secret1" };
  const print = ['printf', '%s\n', 'a b', '', "it's", "-pit's $secret1", 'c*'];
  assert.deepEqual(words(print, variables), ['a b', '', "it's", "-pit's $secret1", 'c*']);
  const script = ['sh', '-c', `printf '%s\\n' "x it's $secret1 y"`];
  assert.deepEqual(words(script, variables), ["x it's $secret1 y"]);
});

test('ordinary words, options and files are left as they are', () => {
  const commands = [
    ['postgres', '-c', 'max_connections=200'],
    ['sh', '-c', 'exec redis-server --requirepass "$REDIS_PASSWORD"'],
    ['server', '--token-file', '/run/token', '--password-file=/run/secrets/x'],
    ['gunicorn', '-b', '0.0.0.0:80', 'app:app'],
    ['pg_isready', '-U', 'postgres', '-h', 'localhost'],
    ['curl', '-f', 'http://localhost:8080/health'],
  ];
  for (const command of commands) {
    const wanted = part({
      command,
      environment: [{ name: 'A_PASSWORD', value: { is: 'secret', set: 's', key: 'p' }, source: 'x' }],
    });
    const application: Application = {
      ...wanted,
      secrets: [
        {
          name: 's',
          role: 'database',
          values: { p: { is: 'text', text: 'postgres' }, password: { is: 'text', text: 'postgres' } },
          source: 'x',
        },
      ],
    };
    const moved = withoutSecretTexts(application);
    assert.deepEqual([moved.application.parts[0]?.command, moved.notes], [command, []]);
  }
});
