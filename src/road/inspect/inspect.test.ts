import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/index.ts';
import type { Inspection } from './contract.ts';
import { inspect } from './inspect.ts';

// Below a folder of its own: what lies right below /tmp belongs to nobody.
const root = join(mkdtempSync(join(tmpdir(), 'inspect-')), 'apps');
const started: ChildProcess[] = [];
after(async () => {
  for (const child of started) {
    const ended = once(child, 'exit');
    if (child.kill('SIGKILL')) await ended;
  }
  rmSync(join(root, '..'), { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** A real server as a child; it says `ready` once it listens. */
async function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<number> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  assert.ok(child.pid);
  return child.pid;
}

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

const said = (fact: { value: unknown; source: string } | undefined, id: number): string | undefined =>
  fact && `${fact.value} (${fact.source.replace(String(id), 'PID').replace(/(net\/tcp6?):\d+/, '$1')})`;
const text = (inspection: Inspection): string => JSON.stringify(inspection);

write('notes/package.json', JSON.stringify({ name: 'notes', version: '1.2.0', scripts: { start: 'node server.js' } }));
write(
  'notes/server.js',
  `const server = require('node:http').createServer((request, response) => {
  if (request.url === '/health') response.end('ok');
  else response.end(process.env.GREETING);
});
require('node:fs').openSync('notes.db', 'a');
server.listen(process.env.PORT, () => console.log('ready'));
`,
);

test('a Node.js server is inspected by its port: its folder, its start, its port, its environment without secrets', async () => {
  const port = await freePort();
  const id = await start(process.execPath, ['server.js', '--token=s3cr3t-in-words'], join(root, 'notes'), {
    PORT: String(port),
    GREETING: 'hello',
    DB_PASSWORD: 'hunter2hunter2',
    DATABASE_URL: 'mysql+aiomysql://shop:b3cr3tb3cr3t@10.1.2.3/shop',
  });
  const seen = await inspect(`:${port}`);
  const { facts } = seen;
  assert.equal(seen.process?.id, id);
  assert.equal(said(facts.name, id), 'notes (package.json:1)');
  assert.equal(facts.directory, join(root, 'notes'));
  assert.equal(said(facts.language, id), 'node (package.json)');
  assert.equal(facts.languageVersion?.value, process.versions.node.split('.')[0]);
  assert.equal(said(facts.start, id), 'node server.js --token="$TOKEN" (/proc/PID/cmdline)');
  assert.equal(said(facts.port, id), `${port} (/proc/PID/net/tcp6)`);
  assert.equal(facts.portVariable?.value, 'PORT');
  assert.deepEqual(
    facts.services.map(({ kind }) => kind),
    ['mysql'],
  );
  const variable = (name: string) => facts.variables.find((one) => one.name === name);
  assert.equal(variable('GREETING')?.fallback, 'hello');
  assert.deepEqual(variable('GREETING')?.sources, [`/proc/${id}/environ`, 'server.js:3']);
  for (const name of ['DB_PASSWORD', 'DATABASE_URL', 'TOKEN']) {
    assert.ok(variable(name)?.secret, name);
    assert.equal(variable(name)?.fallback, undefined);
  }
  assert.deepEqual(
    facts.routes.map(({ path, role }) => [path, role]),
    [['/health', 'health']],
  );
  assert.ok(seen.notes.some((note) => note.includes(`it writes ${join(root, 'notes', 'notes.db')};`)));
  assert.equal(seen.dockerfile, undefined);
  for (const secret of ['s3cr3t-in-words', 'hunter2hunter2', 'b3cr3tb3cr3t'])
    assert.ok(!text(seen).includes(secret), secret);
  assert.equal((await inspect(String(id))).process?.id, id);
});

test('a Python server without a manifest is inspected by its number', async () => {
  write(
    'clock/clock.py',
    `import os
from http.server import BaseHTTPRequestHandler, HTTPServer
server = HTTPServer(("127.0.0.1", int(os.environ["CLOCK_PORT"])), BaseHTTPRequestHandler)
print("ready", flush=True)
server.serve_forever()
`,
  );
  const port = await freePort();
  const id = await start('python3', ['clock.py'], join(root, 'clock'), { CLOCK_PORT: String(port) });
  const seen = await inspect(String(id));
  assert.equal(seen.facts.language?.value, 'python');
  assert.match(seen.facts.languageVersion?.value ?? '', /^3\.\d+$/);
  assert.equal(said(seen.facts.start, id), 'python clock.py (/proc/PID/cmdline)');
  assert.equal(said(seen.facts.port, id), `${port} (/proc/PID/net/tcp)`);
  assert.ok(
    seen.notes.some((note) => /it listens on 127\.0\.0\.1 only; in a pod it must listen on 0\.0\.0\.0/.test(note)),
  );
  const checks = join(root, 'nrpe.cfg');
  writeFileSync(
    checks,
    `command[a]=/usr/lib/nagios/plugins/check_http -p ${port} -u /alive\ncommand[b]=check_redis -H localhost\n`,
  );
  const { facts } = await inspect(String(id), { nagios: [checks] });
  assert.deepEqual(
    facts.routes.map(({ path, role, source }) => [path, role, source]),
    [['/alive', 'health', `${checks}:1`]],
  );
  assert.deepEqual(
    facts.services.map(({ kind, source }) => [kind, source]),
    [['redis', `${checks}:2`]],
  );
});

test('a program of its own gets Debian with the packages it uses, and its folder', async () => {
  mkdirSync(join(root, 'plain'));
  cpSync('/bin/cat', join(root, 'plain/serve'));
  const child = spawn(join(root, 'plain/serve'), { cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  started.push(child);
  await once(child, 'spawn');
  const seen = await inspect(String(child.pid));
  assert.equal(seen.facts.language, undefined);
  assert.equal(seen.facts.directory, join(root, 'plain'));
  assert.match(seen.dockerfile ?? '', /^FROM debian:\d+-slim$/m);
  assert.match(seen.dockerfile ?? '', new RegExp(`^WORKDIR ${join(root, 'plain')}\nCOPY \\. \\.$`, 'm'));
  assert.match(seen.dockerfile ?? '', /^CMD \["\.\/serve"\]$/m);
  assert.ok(seen.process?.packages.some(({ name, version }) => name === 'libc6' && /^\d/.test(version)));
});

test('a unit file is inspected though nothing of it runs', async () => {
  const path = join(root, 'notes.service');
  writeFileSync(
    path,
    `[Unit]\nWants=postgresql.service\n[Service]\nWorkingDirectory=${join(root, 'notes')}\nEnvironment=PORT=9090 API_TOKEN=abc123\nExecStart=/usr/bin/node ${join(root, 'notes')}/server.js\nTimeoutStopSec=45\nRestart=always\n`,
  );
  const { facts, unit, process: none, graceSeconds } = await inspect(path);
  assert.equal(none, undefined);
  assert.equal(unit?.name, 'notes.service');
  assert.equal(facts.start?.value, 'node server.js');
  assert.equal(said(facts.port, 0), `9090 (${path}:5)`);
  assert.deepEqual(
    facts.services.map(({ kind, source }) => [kind, source]),
    [['postgres', `${path}:2`]],
  );
  assert.equal(graceSeconds?.value, 45);
  assert.equal(facts.variables.find(({ name }) => name === 'API_TOKEN')?.fallback, undefined);
});

test('what is not there is told with a way out', async () => {
  const port = await freePort();
  const message = async (target: string): Promise<string> => {
    try {
      await inspect(target, { unitFolders: [root] });
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      return error.message;
    }
    throw new Error('was not refused');
  };
  assert.match(await message(`:${port}`), /nothing listens on this port\nSee what does: ss -tln/);
  assert.match(await message('4194304'), /^4194304: no such process\n/);
  assert.match(await message('shop'), /^shop: no unit of this name\nLooked in /);
});

test('a process with a root of its own is known for a container, and files here are not taken for its own', async () => {
  const other = join(root, 'other');
  mkdirSync(other);
  const script = [
    'mount -t tmpfs none "$0" && cd "$0" && mkdir usr && mount --bind /usr usr',
    'ln -s usr/bin bin && ln -s usr/lib lib && ln -s usr/lib64 lib64',
    'exec chroot . /usr/bin/sh -c "echo ready; exec /usr/bin/sleep 600"',
  ].join(' && ');
  const id = await start('unshare', ['--mount', 'sh', '-c', script, other], '/', { ZONE: 'UTC' });
  const seen = await inspect(String(id));
  assert.equal(seen.process?.contained, true);
  assert.deepEqual(seen.process?.packages, []);
  assert.match(seen.notes.join('\n'), /it runs in a container already/);
  assert.equal(seen.facts.variables.find(({ name }) => name === 'ZONE')?.fallback, 'UTC');
  const [notes] = started;
  assert.equal((await inspect(String(notes?.pid))).process?.contained, false);
});
