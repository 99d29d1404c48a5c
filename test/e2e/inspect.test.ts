import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { call, type Said, testCluster } from './harness.ts';

const root = process.cwd();
const wherry = (...args: string[]): Said => call(process.execPath, [join(root, 'dist/wherry.mjs'), ...args]);
const home = join(mkdtempSync(join(tmpdir(), 'inspect-')), 'machine');
mkdirSync(home);
let server: ChildProcess | undefined;
let greeter: ChildProcess | undefined;
after(() => {
  server?.kill('SIGKILL');
  greeter?.kill('SIGKILL');
  rmSync(join(home, '..'), { recursive: true });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

describe('wherry inspect', () => {
  const folder = join(home, 'clock');
  let port = 0;

  test('prints what runs, what it would become, and no secret', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"name": "clock", "version": "2.0.0"}');
    writeFileSync(
      join(folder, 'server.js'),
      "require('node:http').createServer((q, r) => r.end(String(new Date()))).listen(process.env.PORT, () => console.log('ready'));\n",
    );
    port = await freePort();
    server = spawn(process.execPath, ['server.js'], {
      cwd: folder,
      env: { ...process.env, PORT: String(port), ZONE: 'UTC', API_TOKEN: 't0ps3cr3t' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (server.stdout) await once(server.stdout, 'data');
    const said = wherry('inspect', `:${port}`);
    assert.equal(said.exitCode, 0, said.stderr);
    assert.match(said.stdout, /\n {2}start +node server\.js +\/proc\/\d+\/cmdline\n/);
    assert.match(said.stdout, /\n {2}setting +ZONE: UTC +\/proc\/\d+\/environ\n/);
    assert.match(said.stdout, /\n {2}CMD \["node","server\.js"\]\n/);
    assert.match(said.stdout, /\n {2}deployment\/clock\n/);
    assert.ok(!said.stdout.includes('t0ps3cr3t'));
  });

  test('tells the same as JSON', () => {
    const said = wherry('inspect', `:${port}`, '--json');
    const json = JSON.parse(said.stdout) as {
      process: { environment: { name: string; value?: string }[] };
      facts: { port: { value: number } };
      objects: { kind: string; data?: Record<string, string> }[];
    };
    assert.equal(json.facts.port.value, port);
    assert.ok(json.process.environment.some(({ name, value }) => name === 'API_TOKEN' && value === undefined));
    assert.ok(json.objects.some(({ kind, data }) => kind === 'ConfigMap' && data?.ZONE === 'UTC'));
    assert.ok(!said.stdout.includes('t0ps3cr3t'));
  });

  test('-o writes what builds and runs it, nothing secret, and keeps what was changed', () => {
    const to = join(home, 'carried');
    const first = wherry('inspect', `:${port}`, '-o', to, '--nagios', nrpe());
    assert.equal(first.exitCode, 0, first.stderr);
    const files = readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    assert.ok(texts.every((text) => !text.includes('t0ps3cr3t')));
    assert.match(readFileSync(join(to, 'Dockerfile'), 'utf8'), /CMD \["node","server\.js"\]/);
    assert.ok(files.some(({ name }) => name === 'smoke.sh') && texts.some((text) => text.includes('/alive')));
    writeFileSync(join(to, 'Dockerfile'), 'FROM mine:1\n');
    assert.match(wherry('inspect', `:${port}`, '-o', to).stdout, /\nkeep .*Dockerfile/);
    assert.equal(readFileSync(join(to, 'Dockerfile'), 'utf8'), 'FROM mine:1\n');
  });

  test('reads a unit file and Puppet manifests without either of them running', () => {
    const unit = join(home, 'shop.service');
    cpSync(folder, join(home, 'shop'), { recursive: true });
    writeFileSync(
      unit,
      `[Service]\nWorkingDirectory=${home}/shop\nExecStart=/usr/bin/node server.js\nEnvironment=PORT=8123\nTimeoutStopSec=75\n`,
    );
    const puppet = join(home, 'shop.pp');
    writeFileSync(puppet, "package { 'ffmpeg': ensure => installed }\n");
    const said = wherry('inspect', unit, '--puppet', puppet, '--json');
    assert.equal(said.exitCode, 0, said.stderr);
    const json = JSON.parse(said.stdout) as {
      puppet: { packages: { value: string }[] };
      objects: { kind: string; spec?: { template?: { spec: { terminationGracePeriodSeconds?: number } } } }[];
    };
    assert.deepEqual(
      json.puppet.packages.map(({ value }) => value),
      ['ffmpeg'],
    );
    const deployment = json.objects.find(({ kind }) => kind === 'Deployment');
    // And the seconds in which traffic is led away first.
    assert.ok(Number(deployment?.spec?.template?.spec.terminationGracePeriodSeconds) >= 75);
  });

  test('refuses what is not there with the way out', async () => {
    const said = wherry('inspect', `:${await freePort()}`);
    assert.equal(said.exitCode, 1);
    assert.match(said.stderr, /nothing listens on this port\nSee what does: ss -tln/);
    assert.equal(wherry('inspect').exitCode, 2);
  });

  test('what it writes builds, and runs on a cluster as it ran here', async () => {
    const perl = join(home, 'greeter');
    mkdirSync(perl);
    writeFileSync(join(perl, '.env'), 'PASSWORD=t0ps3cr3t\n');
    writeFileSync(
      join(perl, 'server.pl'),
      `use IO::Socket::INET; $| = 1;
my $socket = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $ENV{GREETER_PORT}, Listen => 10, ReuseAddr => 1) or die $!;
$SIG{TERM} = sub { exit 0 };
print "ready\\n";
while (my $client = $socket->accept) {
  while (defined(my $line = <$client>)) { last if $line =~ /^\\r?\\n$/ }
  print $client "HTTP/1.0 200 OK\\r\\n\\r\\nhello $ENV{GREETING}\\n";
  close $client;
}
`,
    );
    const listening = await freePort();
    greeter = spawn('perl', ['server.pl'], {
      cwd: perl,
      env: { ...process.env, GREETER_PORT: String(listening), GREETING: 'world' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (greeter.stdout) await once(greeter.stdout, 'data');
    const cluster = testCluster();
    const image = 'localhost/greeter:development';
    try {
      const to = join(home, 'greeter-carried');
      cluster.wherry('inspect', `:${listening}`, '-o', to);
      const build = ['image', 'build', perl, '-f', join(to, 'Dockerfile'), '-t', image];
      const built = cluster.tryWherry(build, { timeoutMs: 300_000 });
      assert.equal(built.exitCode, 0, built.stderr);
      const namespace = 'greeter-development';
      cluster.kubectl('apply', '-k', join(to, 'k8s/overlays/development'));
      cluster.kubectl('-n', namespace, 'rollout', 'status', 'deployment/greeter', '--timeout=60s');
      const inPod = (...words: string[]): Said =>
        cluster.tryKubectl(['-n', namespace, 'exec', 'deployment/greeter', '--', ...words]);
      const ask = `my $s = IO::Socket::INET->new("127.0.0.1:${listening}"); print $s "GET / HTTP/1.0\\r\\n\\r\\n"; print <$s>`;
      assert.match(inPod('perl', '-MIO::Socket::INET', '-e', ask).stdout, /hello world/);
      assert.deepEqual(inPod('ls', '-A').stdout.trim().split('\n'), ['server.pl']);
    } finally {
      cluster.tryWherry(['image', 'remove', image]);
      cluster.delete();
    }
  });

  function nrpe(): string {
    const path = join(home, 'nrpe.cfg');
    writeFileSync(path, `command[a]=/usr/lib/nagios/plugins/check_http -p ${port} -u /alive\n`);
    return path;
  }
});
