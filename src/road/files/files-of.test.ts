import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import { UserError } from '../../base/index.ts';
import { parseYamlDocuments } from '../../engine/kinds/index.ts';
import { applicationOf } from '../model/index.ts';
import { checkManifests } from '../policy/index.ts';
import { readProject } from '../project/index.ts';
import { ENVIRONMENTS, type FilesOptions, type PlannedFile } from './contract.ts';
import { filesOf } from './files-of.ts';
import { surroundingsOf } from './surroundings.ts';
import { planWrites, writeFiles } from './write-files.ts';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function folderOf(source: string | Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'files-')), 'shop');
  made.push(dirname(folder));
  if (typeof source === 'string')
    cpSync(source, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const expected = typeof source === 'string' ? join(source, 'expected.json') : '';
  if (existsSync(expected)) {
    // In a folder of several apps the plan says which one.
    const { directory } = JSON.parse(readFileSync(expected, 'utf8')) as { directory: string };
    return join(folder, directory.replace(/^FOLDER\/?/, ''));
  }
  if (typeof source !== 'string')
    for (const [path, text] of Object.entries(source)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  return folder;
}

/** What `wherry init` does with a folder. */
async function init(
  folder: string,
  options: Partial<FilesOptions> = {},
  force: string[] = [],
): Promise<readonly PlannedFile[]> {
  const facts = await readProject(folder);
  const application = applicationOf(facts, { name: facts.name.value });
  const plan = planWrites(folder, filesOf(facts, application, { ...(await surroundingsOf(folder)), ...options }), {
    force,
  });
  writeFiles(folder, plan);
  return plan;
}

/** Files that were written, or kept against a difference. */
const told = (plan: readonly PlannedFile[]): string[] =>
  plan.filter(({ action }) => action !== 'unchanged').map(({ path, action }) => `${action} ${path}`);

const kustomize = (folder: string, environment: string): string =>
  execFileSync('kubectl', ['kustomize', join(folder, 'k8s/overlays', environment)], { encoding: 'utf8' });

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Record<string, unknown>;
  readonly data?: Record<string, string>;
}

const rendered = async (folder: string, environment: string): Promise<Rendered[]> =>
  (await parseYamlDocuments(kustomize(folder, environment))).map(({ value }) => value as Rendered);

const WITH_EVERYTHING = {
  'package.json': JSON.stringify({
    name: 'shop',
    version: '2.0.0',
    scripts: { start: 'node server.js' },
    dependencies: { pg: '8', redis: '4', express: '5' },
  }),
  'package-lock.json': '{}',
  Procfile: 'web: node server.js\nworker: node worker.js\nrelease: node migrate.js\n',
  'server.js': `const express = require('express');
const app = express();
new (require('pg').Pool)({ connectionString: process.env.DATABASE_URL });
require('redis').createClient({ url: process.env.REDIS_URL });
stripe(process.env.STRIPE_API_KEY); sign(process.env.SESSION_SECRET); log(process.env.LOG_LEVEL ?? 'info');
app.get('/health', (q, r) => r.end());
app.get('/ready', (q, r) => r.end());
app.listen(process.env.PORT ?? 3000);
`,
  'worker.js': '',
  'migrate.js': '',
};

/** Of several languages, those with the most around them. */
const GOLDEN = [
  'go-net-http',
  'mono-pnpm-turbo-api',
  'node-fastify-zod-mongo',
  'php-laravel',
  'python-django-channels',
  'ruby-rails',
];
const sources: [name: string, source: string | Readonly<Record<string, string>>][] = [
  ['examples/users', join(process.cwd(), 'examples/users')],
  ['examples/users-flask', join(process.cwd(), 'examples/users-flask')],
  ['an app with worker, migration, cache and secrets of its owner', WITH_EVERYTHING],
  ...GOLDEN.map((name): [string, string] => [`golden ${name}`, join(process.cwd(), 'test/golden/plans', name)]),
];

for (const [name, source] of sources) {
  describe(name, () => {
    test('every overlay builds, and neither it nor the base has a fault that the policy knows', async () => {
      const folder = folderOf(source);
      await init(folder);
      for (const environment of ENVIRONMENTS) {
        execFileSync('sh', ['k8s/secrets.sh', environment], {
          cwd: folder,
          env: { ...process.env, KUBECTL: 'false' },
          stdio: 'pipe',
        });
        const objects = await rendered(folder, environment);
        assert.ok(objects.length >= 4);
        const namespaced = objects.filter(({ kind }) => kind !== 'Namespace');
        assert.ok(namespaced.every(({ metadata }) => metadata.namespace?.endsWith(`-${environment}`)));
      }
      const findings = await checkManifests([join(folder, 'k8s')]);
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
    });

    test('pipelines and the Makefile say the same, and can be read by their programs', async () => {
      const folder = folderOf(source);
      await init(folder);
      for (const path of ['.github/workflows/deploy.yml', '.gitlab-ci.yml', '.travis.yml']) {
        const text = readFileSync(join(folder, path), 'utf8');
        assert.ok(parse(text), path);
        for (const target of ['image push', 'deploy', 'smoke_test', 'rollback'])
          assert.match(text, new RegExp(`make ${target}`), path);
      }
      const variables = ['IMAGE=registry.example.com:5000/team/shop:1.2', 'ENVIRONMENT=staging', 'WHERRY='];
      const said = execFileSync(
        'make',
        ['-n', ...variables, 'run_local', 'image', 'push', 'deploy', 'smoke_test', 'rollback'],
        { cwd: folder, encoding: 'utf8' },
      );
      assert.match(said, /docker build -t registry\.example\.com:5000\/team\/shop:1\.2/);
      assert.match(said, /newName: registry\.example\.com:5000\/team\/shop' \\\n.*newTag: "1\.2"/);
      assert.match(said, /kubectl apply -k k8s\/\.deploy\/staging/);
      assert.match(said, /TARGET_URL=https:\/\/staging\.\S+ sh smoke\/smoke\.sh/);
    });

    test('a second run writes nothing', async () => {
      const folder = folderOf(source);
      await init(folder);
      assert.deepEqual(told(await init(folder)), []);
    });
  });
}

test('no password stands in a file that git keeps, and those that it ignores are for the owner alone', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder, { password: () => 'hunter22' });
  execFileSync('git', ['init', '-q'], { cwd: folder });
  const kept = execFileSync('git', ['ls-files', '--others', '--exclude-standard'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.ok(kept.length > 20);
  for (const path of kept) assert.doesNotMatch(readFileSync(join(folder, path), 'utf8'), /hunter22/, path);
  const secret = join(folder, 'k8s/overlays/development/secrets/shop-database.env');
  assert.match(readFileSync(secret, 'utf8'), /^password=hunter22$/m);
  assert.match(readFileSync(secret, 'utf8'), /^url=postgres(?:ql)?:\/\/\w+:hunter22@/m);
  assert.equal(statSync(secret).mode & 0o777, 0o600);
});

test('a secret that only its owner has is named in the example, and the app starts without it', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder);
  const example = readFileSync(join(folder, 'k8s/overlays/production/secrets/shop.env.example'), 'utf8');
  assert.match(example, /^SESSION_SECRET=\(random\)$/m);
  assert.match(example, /^# STRIPE_API_KEY=\(yours\)$/m);
});

test('secrets.sh makes passwords, puts them together, keeps what is there and asks for what only the user has', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder);
  const run = (...args: string[]) =>
    spawnSync('sh', ['k8s/secrets.sh', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, KUBECTL: 'false' },
    });
  assert.equal(run('staging').status, 0);
  const path = join(folder, 'k8s/overlays/staging/secrets/shop-database.env');
  const text = readFileSync(path, 'utf8');
  const password = /^password=([A-Za-z2-9]{32})$/m.exec(text)?.[1];
  assert.ok(password, text);
  assert.match(text, new RegExp(`^url=.*:${password}@`, 'm'));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(run('staging').status, 0);
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.equal(run('nowhere').status, 2);
  writeFileSync(join(folder, 'k8s/overlays/production/secrets/own.env.example'), 'A=1\nKEY=(yours)\n');
  const refused = run('production');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /KEY\n.*own\.env: copy .*own\.env\.example to it/);
  assert.ok(!existsSync(join(folder, 'k8s/overlays/production/secrets/own.env')));
});

test('secrets.sh takes what the cluster holds', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder);
  // What kubectl would say of a Secret, whichever is asked for.
  const kubectl = join(folder, 'kubectl');
  writeFileSync(kubectl, '#!/bin/sh\nprintf "username=u\\npassword=kept\\n"\n');
  chmodSync(kubectl, 0o755);
  execFileSync('sh', ['k8s/secrets.sh', 'production'], {
    cwd: folder,
    env: { ...process.env, KUBECTL: kubectl },
    stdio: 'pipe',
  });
  assert.equal(
    readFileSync(join(folder, 'k8s/overlays/production/secrets/shop-database.env'), 'utf8'),
    'username=u\npassword=kept\n',
  );
});

test('overlays differ in namespace, host, replicas, resources, image and settings', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder, { host: 'shop.example.org', registry: 'registry.example.com/team' });
  execFileSync('sh', ['k8s/secrets.sh', 'production'], {
    cwd: folder,
    env: { ...process.env, KUBECTL: 'false' },
    stdio: 'pipe',
  });
  writeFileSync(join(folder, 'k8s/overlays/production/settings/shop.env'), 'LOG_LEVEL=warn\n');
  const read = async (environment: string) => {
    const objects = await rendered(folder, environment);
    const of = (kind: string) => objects.find((one) => one.kind === kind && one.metadata.name.startsWith('shop'));
    const spec = of('Deployment')?.spec as {
      replicas: number;
      template: { spec: { containers: { image: string; resources: { requests: object }; envFrom: object[] }[] } };
    };
    const web = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'shop')
      ?.spec as typeof spec;
    const [container] = web.template.spec.containers;
    const settings = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && /^shop-[a-z0-9]{10}$/.test(metadata.name),
    );
    assert.ok(JSON.stringify(container?.envFrom).includes(settings?.metadata.name ?? '?'));
    const ingress = of('Ingress')?.spec as { rules: { host: string }[] } | undefined;
    return {
      host: ingress?.rules[0]?.host,
      replicas: web.replicas,
      image: container?.image,
      requests: container?.resources.requests,
      level: settings?.data?.LOG_LEVEL,
      settings: settings?.metadata.name,
    };
  };
  const [development, production] = [await read('development'), await read('production')];
  assert.deepEqual(
    [development.host, development.replicas, development.image, development.level],
    ['shop.localhost', 1, 'registry.example.com/team/shop:development', 'info'],
  );
  assert.deepEqual(
    [production.host, production.replicas, production.image, production.level],
    ['shop.example.org', 3, 'registry.example.com/team/shop:2.0.0', 'warn'],
  );
  assert.notDeepEqual(development.requests, production.requests);
  assert.notEqual(
    development.settings,
    production.settings,
    'a changed setting is another ConfigMap, so pods are rolled',
  );
});

test('the compose file beside it can be read, and its passwords are made where git leaves them out', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder, { environmentIsIgnored: true, password: () => 'hunter22' });
  const compose = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as { services: Record<string, object> };
  assert.deepEqual(Object.keys(compose.services).sort(), [
    'shop',
    'shop-database',
    'shop-migrate',
    'shop-redis',
    'shop-worker',
  ]);
  assert.doesNotMatch(readFileSync(join(folder, '.env.example'), 'utf8'), /hunter22/);
  assert.match(readFileSync(join(folder, '.env'), 'utf8'), /^SHOP_DATABASE_PASSWORD=hunter22$/m);
  assert.equal(statSync(join(folder, '.env')).mode & 0o777, 0o600);
  assert.deepEqual(told(await init(folder, { environmentIsIgnored: true })), []);
});

test("an app's own compose file and .env are left alone", async () => {
  const folder = folderOf({ ...WITH_EVERYTHING, 'compose.yml': 'services: {}\n' });
  await init(folder);
  assert.ok(!existsSync(join(folder, 'compose.yaml')));
  assert.match(readFileSync(join(folder, 'Makefile'), 'utf8'), /docker compose -f compose\.yml up/);
  const other = folderOf({ ...WITH_EVERYTHING, '.env.example': 'LOG_LEVEL=debug\n' });
  await init(other);
  assert.match(readFileSync(join(other, 'compose.yaml'), 'utf8'), /say it in compose\.env, see compose\.env\.example/);
  assert.ok(existsSync(join(other, 'compose.env.example')));
  assert.equal(readFileSync(join(other, '.env.example'), 'utf8'), 'LOG_LEVEL=debug\n');
});

test('an edited file is kept and its difference told; --force takes it back', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder);
  const path = join(folder, 'smoke/smoke.sh');
  const own = readFileSync(path, 'utf8');
  writeFileSync(path, own.replace('--max-time 10', '--max-time 30'));
  const plan = await init(folder);
  assert.deepEqual(told(plan), ['keep smoke/smoke.sh']);
  const kept = plan.find(({ action }) => action === 'keep');
  assert.match(kept?.diff ?? '', /^-.*--max-time 30.*\n\+.*--max-time 10/m);
  assert.match(readFileSync(path, 'utf8'), /--max-time 30/);
  assert.deepEqual(told(await init(folder, {}, ['smoke/smoke.sh'])), ['overwrite smoke/smoke.sh']);
  assert.equal(readFileSync(path, 'utf8'), own);
  await assert.rejects(init(folder, {}, ['server.js']), UserError);
});

test('what was there before is left alone: Dockerfile, Makefile, the rest of the README', async () => {
  const folder = folderOf({
    ...WITH_EVERYTHING,
    Dockerfile: 'FROM node:22\nUSER 1000\nEXPOSE 3000\nCMD ["node", "server.js"]\n',
    '.gitlab-ci.yml': 'test: {script: [npm test]}\n',
    'README.md': '# Shop\n\nMine.',
  });
  const plan = await init(folder);
  assert.deepEqual(
    plan.filter(({ action }) => action === 'keep').map(({ path }) => path),
    ['.gitlab-ci.yml'],
  );
  // What the repository uses already is the pipeline that is meant.
  assert.ok(!existsSync(join(folder, '.travis.yml')));
  assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), /^# Shop\n\nMine\.\n\n<!-- Written by wherry/);
  assert.match(readFileSync(join(folder, 'Dockerfile'), 'utf8'), /^FROM node:22\nUSER 1000/);
  writeFileSync(join(folder, 'README.md'), `${readFileSync(join(folder, 'README.md'), 'utf8')}\nMore of mine.\n`);
  assert.deepEqual(told(await init(folder, { host: 'other.example.org' })).includes('update README.md'), true);
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  assert.match(text, /^# Shop\n\nMine\./);
  assert.match(text, /other\.example\.org/);
  assert.match(text, /\nMore of mine\.\n$/);
});

test('files of a compose file are carried along, and where the app has another text now that is told', async () => {
  const folder = folderOf({
    'compose.yaml':
      'services:\n  web:\n    image: nginx:1.27\n    ports: ["8080:80"]\n    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]\n',
    'nginx.conf': 'events {}\n',
  });
  const run = async () => {
    const { applicationOfCompose, readCompose } = await import('../compose/index.ts');
    const project = await readCompose([join(folder, 'compose.yaml')], { environment: {}, projectDirectory: folder });
    const { application } = applicationOfCompose(project);
    const plan = planWrites(folder, filesOf(undefined, application, await surroundingsOf(folder)));
    writeFiles(folder, plan);
    return plan;
  };
  await run();
  assert.ok(kustomize(folder, 'production').includes('events {}'));
  assert.deepEqual(told(await run()), []);
  writeFileSync(join(folder, 'nginx.conf'), 'events { }\n');
  const [kept, ...others] = (await run()).filter(({ action }) => action !== 'unchanged');
  assert.deepEqual(others, []);
  assert.equal(kept?.action, 'keep');
  assert.match(kept?.diff ?? '', /^-events \{\}\n\+events \{ \}$/m);
});

test('a file that wherry wrote and nobody changed follows the app', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  await init(folder);
  writeFileSync(join(folder, 'server.js'), WITH_EVERYTHING['server.js'].replace('3000', '4000'));
  const plan = await init(folder);
  assert.ok(told(plan).includes('update Dockerfile'));
  assert.ok(told(plan).every((line) => line.startsWith('update ')));
  assert.match(readFileSync(join(folder, 'k8s/base/web.yaml'), 'utf8'), /containerPort: 4000/);
});

test('nothing is written through a link that leads out of the folder', async () => {
  const folder = folderOf(WITH_EVERYTHING);
  const outside = mkdtempSync(join(tmpdir(), 'outside-'));
  made.push(outside);
  execFileSync('ln', ['-s', outside, join(folder, 'k8s')]);
  await assert.rejects(init(folder), /a link leads out of the folder/);
  assert.deepEqual(readdirSync(outside), []);
});
