import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { readProject } from '../project/index.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { dockerfileFor } from './dockerfile-for.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

async function of(files: Record<string, string>): Promise<GeneratedDockerfile> {
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  made.push(directory);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  return generated(directory);
}

async function generated(directory: string): Promise<GeneratedDockerfile> {
  const dockerfile = dockerfileFor(await readProject(directory));
  assert.ok(dockerfile);
  return dockerfile;
}

/** `FROM base`, `CMD [...]` of the last stage, comments left out. */
function lastStage(text: string): string[] {
  const lines = DockerfileParser.parse(text)
    .getInstructions()
    .map((instruction) => `${instruction.getKeyword()} ${instruction.getRawArgumentsContent() ?? ''}`);
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
}

test('both examples: pinned bases, several stages, a numeric user, the app itself as process 1', async () => {
  for (const example of ['users', 'users-flask']) {
    const { text } = await generated(join(process.cwd(), 'examples', example));
    const instructions = DockerfileParser.parse(text).getInstructions();
    const bases = text.match(/^FROM \S+:\S+/gm) ?? [];
    assert.ok(bases.length >= 2, example);
    for (const base of bases) assert.match(base, /:\d[\w.-]+$/);
    const stage = lastStage(text);
    assert.ok(stage.includes('USER 10001:10001'), example);
    const user = stage.findIndex((line) => line.startsWith('USER'));
    assert.ok(!stage.slice(user).some((line) => line.startsWith('RUN')), 'nothing is installed after root is left');
    assert.match(stage.at(-1) ?? '', /^CMD \["(?:node|gunicorn)",/);
    assert.ok(instructions.every((instruction) => instruction.getKeyword() !== 'ADD'));
  }
});

test('packages are installed before the sources are copied, so that they are kept when only sources change', async () => {
  const { text } = await generated(join(process.cwd(), 'examples/users'));
  assert.ok(text.indexOf('npm ci') < text.indexOf('COPY . .'));
  assert.match(text, /^COPY package\.json package-lock\.json \.\/$/m);
  assert.match(text, /^# build: package\.json:12$/m);
});

test('without a build there is no build stage and no package of development', async () => {
  const { text } = await of({
    'package.json': '{"name":"a","scripts":{"start":"node a.js"}}',
    'package-lock.json': '{}',
    'a.js': '',
  });
  assert.doesNotMatch(text, /AS build/);
  assert.match(text, /npm ci --omit=dev .*&& mkdir -p node_modules$/m);
  assert.ok(lastStage(text).includes('COPY . .'));
});

test('a start that needs packages of development keeps them and says so', async () => {
  const { text, notes } = await of({
    'package.json': '{"name":"a","scripts":{"start":"tsx a.ts"},"devDependencies":{"tsx":"4"}}',
    'package-lock.json': '{}',
  });
  assert.doesNotMatch(text, /omit=dev|prune/);
  assert.match(notes[0] ?? '', /^package\.json:1: the start command needs tsx/);
});

test('each package manager installs what its lockfile says', async () => {
  const start = '{"name":"a","scripts":{"start":"node a.js"}}';
  assert.match(
    (await of({ 'package.json': start, 'pnpm-lock.yaml': '' })).text,
    /pnpm install --prod --frozen-lockfile/,
  );
  assert.match(
    (await of({ 'package.json': start, 'yarn.lock': '' })).text,
    /yarn install --production --frozen-lockfile/,
  );
  assert.match((await of({ 'package.json': start })).text, /npm install --omit=dev/);
});

test('a Python image names what it takes from Debian where no package index answers', async () => {
  const { text } = await of({ 'requirements.txt': 'Flask\nPyYAML\nmysqlclient\n', 'app.py': 'app = Flask(__name__)' });
  assert.match(
    text,
    /echo "no Python package index in reach: Debian's packages instead: gunicorn python3-flask python3-mysqldb python3-yaml"/,
  );
  assert.match(text, /pip --retries 1 install -r requirements\.txt gunicorn/);
  assert.match(text, /^# mysqlclient \(requirements\.txt:3\): compiled when installed$/m);
});

test('an interpreted app may make files beside its code, and its home is writable', async () => {
  const { text } = await of({ 'requirements.txt': 'flask\n', 'app.py': 'app = Flask(__name__)' });
  assert.match(text, /^RUN chown 10001:10001 \.\nUSER 10001:10001$/m);
  assert.match(text, /^ENV .*HOME=\/tmp/m);
});

test('a server that the app names itself is not added again', async () => {
  const { text } = await of({ 'requirements.txt': 'flask\ngunicorn\n', 'app.py': 'app = Flask(__name__)' });
  assert.match(text, /pip --retries 1 install -r requirements\.txt;/);
});

test('secrets, history and installed packages stay out of the build', async () => {
  const { dockerignore } = await generated(join(process.cwd(), 'examples/users'));
  for (const line of ['.git', '.env', 'node_modules']) assert.ok(dockerignore.split('\n').includes(line), line);
});

test('an app without a known language has no Dockerfile to write', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  made.push(directory);
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\nEXPOSE 80\n');
  assert.equal(dockerfileFor(await readProject(directory)), undefined);
});
