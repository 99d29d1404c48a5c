import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { currentSpawner, silentLog, startSpawner, systemClock } from '../../base/index.ts';
import type { ContainerSpec, ContainerState, Runtime } from './contract.ts';
import { openRuntime } from './crun-runtime.ts';

const INSIDE = 'WHERRY_TEST_INSIDE_BUNDLE';

// Mounts and namespaces must be private, so the tests run in a bundle of their own.
if (!process.env[INSIDE]) {
  test('containers run in a bundle of namespaces', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
    // The first process of a bundle must reap: a container cannot end while a process of its own is a zombie outside.
    const script = 'umount /sys/fs/cgroup/unified 2>/dev/null; "$@" & wait $!';
    const result = spawnSync(
      'unshare',
      [
        '--mount',
        '--net',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        'sh',
        '-c',
        script,
        'sh',
        process.execPath,
        '--enable-source-maps',
        process.argv[1] ?? '',
      ],
      {
        env: { ...process.env, [INSIDE]: '1', NODE_TEST_CONTEXT: '' },
        encoding: 'utf8',
        timeout: 60_000,
        killSignal: 'SIGKILL',
      },
    );
    assert.equal(result.status, 0, result.stdout + result.stderr);
  });
} else {
  const directory = mkdtempSync(join(tmpdir(), 'wherry-runtime-'));
  const layer = join(directory, 'layer');
  let runtime: Runtime;
  const exits: ContainerState[] = [];

  const spec = (id: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
    id,
    sandboxId: 'pod-a',
    layerDirectories: [layer],
    argv: ['sh', '-c', script],
    env: ['PATH=/bin', 'COLOUR=green'],
    workingDirectory: '/',
    user: { uid: 0, gid: 0, additionalGids: [] },
    mounts: [],
    limits: {},
    tty: false,
    stdin: false,
    stdinOnce: false,
    privileged: false,
    readOnlyRoot: false,
    noNewPrivileges: false,
    capabilities: { add: [], drop: [] },
    seccomp: 'RuntimeDefault',
    maskedProc: true,
    oomScoreAdjust: 0,
    logPath: join(directory, 'logs', `${id}.log`),
    ...more,
  });
  const sandbox = (id: string) => ({
    id,
    hostname: 'pod-a',
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    sharedPid: false,
    sysctls: {},
    limits: {},
  });
  const log = (id: string) =>
    existsSync(join(directory, 'logs', `${id}.log`)) ? readFileSync(join(directory, 'logs', `${id}.log`), 'utf8') : '';
  async function until<T>(what: string, read: () => T | undefined | false): Promise<T> {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const value = read();
      if (value) return value;
      await systemClock.sleep(10);
    }
    throw new Error(`never came: ${what}`);
  }
  const exitOf = (id: string) => until(`the exit of ${id}`, () => exits.find((state) => state.id === id));

  before(async () => {
    mkdirSync(join(layer, 'bin'), { recursive: true });
    for (const name of ['proc', 'sys', 'dev', 'tmp', 'etc']) mkdirSync(join(layer, name));
    const programs = ['sh', 'cat', 'sleep', 'stty', 'id', 'tty', 'mount', 'touch', 'hostname', 'ls', 'grep'].map(
      (name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(),
    );
    for (const program of programs)
      cpSync(program, join(layer, 'bin', program.split('/').at(-1) ?? ''), { dereference: true });
    const libraries = new Set(
      programs.flatMap((program) => spawnSync('ldd', [program], { encoding: 'utf8' }).stdout.match(/\/lib\S+/g) ?? []),
    );
    for (const library of libraries) {
      mkdirSync(join(layer, library, '..'), { recursive: true });
      cpSync(library, join(layer, library), { dereference: true });
    }
    writeFileSync(join(layer, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    runtime = await openRuntime({
      directory: join(directory, 'state'),
      clusterName: `test-${process.ppid}-${Date.now()}`,
      clock: systemClock,
      log: silentLog,
    });
    runtime.onExit((state) => exits.push(state));
    await runtime.createSandbox(sandbox('pod-a'));
  });
  after(async () => {
    currentSpawner()?.close();
    await runtime.removeSandbox('pod-a');
    await runtime.close();
    rmSync(directory, { recursive: true, force: true });
  });

  describe('the crun runtime', () => {
    test('runs a container, keeps its log in the CRI format and tells its exit code', async () => {
      await runtime.create(spec('one', 'echo out $COLOUR; echo err >&2; hostname; exit 7'));
      assert.equal((await runtime.state('one'))?.state, 'created');
      await runtime.start('one');
      const state = await exitOf('one');
      assert.equal(state.exitCode, 7);
      assert.match(log('one'), /^\S+ stdout F out green$/m);
      assert.match(log('one'), /^\S+ stderr F err$/m);
      assert.match(log('one'), /^\S+ stdout F pod-a$/m);
    });

    test('a signal ends it, and the exit tells the signal', async () => {
      await runtime.create(spec('two', 'exec sleep 100'));
      await runtime.start('two');
      await runtime.signal('two', 'SIGKILL');
      const state = await exitOf('two');
      assert.deepEqual([state.exitCode, state.signal], [137, 9]);
    });

    test('exec runs in the container with pipes, and answers the exit code', async () => {
      await runtime.create(spec('three', 'exec sleep 100'));
      await runtime.start('three');
      const stdout = new PassThrough();
      const result = await runtime.exec('three', {
        argv: ['sh', '-c', 'cat; echo $COLOUR; exit 3'],
        tty: false,
        stdin: Readable.from(['hello ']),
        stdout,
        stderr: undefined,
      });
      assert.equal(result.exitCode, 3);
      assert.equal(stdout.read()?.toString(), 'hello green\n');
    });

    test('exec with a terminal has one of the size that was asked for', async () => {
      const stdout = new PassThrough();
      const result = await runtime.exec('three', {
        argv: ['sh', '-c', 'sleep 0.5; tty; stty size'],
        tty: true,
        stdin: undefined,
        stdout,
        stderr: undefined,
        onResize: (listener) => listener({ columns: 91, rows: 17 }),
      });
      assert.equal(result.exitCode, 0);
      const said = stdout.read()?.toString() ?? '';
      assert.match(said, /\/dev\//);
      assert.match(said, /17 91/);
    });

    test('an exec that takes too long is ended inside the container', async () => {
      const result = await runtime.exec('three', {
        argv: ['sleep', '55'],
        tty: false,
        stdin: undefined,
        stdout: undefined,
        stderr: undefined,
        timeoutMs: 300,
      });
      assert.equal(result.exitCode, 137);
    });

    test('attach joins the streams', async () => {
      await runtime.create(
        spec('four', 'read line; echo got $line; sleep 0.2; exit 4', { stdin: true, stdinOnce: true }),
      );
      await runtime.start('four');
      const stdout = new PassThrough();
      await runtime.attach('four', { tty: false, stdin: Readable.from(['rope\n']), stdout, stderr: undefined });
      assert.equal((await exitOf('four')).exitCode, 4);
      assert.equal(stdout.read()?.toString(), 'got rope\n');
    });

    test('capabilities, seccomp and a read-only root hold', async () => {
      await runtime.create(
        spec('five', 'mount -t tmpfs x /tmp; touch /file; id -u; grep CapEff /proc/self/status', {
          user: { uid: 1000, gid: 1000, additionalGids: [] },
          readOnlyRoot: true,
          capabilities: { add: [], drop: ['ALL'] },
          noNewPrivileges: true,
        }),
      );
      await runtime.start('five');
      await exitOf('five');
      assert.match(log('five'), /Read-only file system|Permission denied/);
      assert.match(log('five'), /^\S+ stdout F 1000$/m);
      assert.match(log('five'), /CapEff:\s+0000000000000000/);
    });

    test('privileged has every capability the machine has', async () => {
      await runtime.create(spec('six', 'mount -t tmpfs x /tmp && echo mounted', { privileged: true }));
      await runtime.start('six');
      assert.equal((await exitOf('six')).exitCode, 0, log('six'));
    });

    test('more memory than the limit ends it, out of memory', async () => {
      await runtime.create(
        spec('seven', 'x=abcdefghijklmnop; while :; do x=$x$x; done', { limits: { memoryBytesMax: 20 * 1024 * 1024 } }),
      );
      await runtime.start('seven');
      const state = await exitOf('seven');
      assert.equal(state.exitCode, 137);
      assert.equal(state.outOfMemory, true);
    });

    test('a program that does not exist is an error with its name', async () => {
      await assert.rejects(
        runtime.create(spec('eight', '', { argv: ['/no/such/program'] })).then(() => runtime.start('eight')),
        /no\/such\/program|No such file/,
      );
      await runtime.remove('eight');
    });

    test('a second runtime on the same directory finds what runs and hears its exit', async () => {
      const second = await openRuntime({
        directory: join(directory, 'state'),
        clusterName: 'other',
        clock: systemClock,
        log: silentLog,
      });
      assert.equal((await second.state('three'))?.state, 'running');
      const heard = new Promise<ContainerState>((resolve) => second.onExit(resolve));
      await second.signal('three', 'SIGTERM');
      await second.signal('three', 'SIGKILL');
      assert.equal((await heard).id, 'three');
      await second.close();
    });

    test('containers are made through the spawner as well', async () => {
      assert.ok(startSpawner());
      await runtime.create(spec('ten', 'echo spawned; exit 5'));
      await runtime.start('ten');
      assert.equal((await exitOf('ten')).exitCode, 5);
      assert.match(log('ten'), /stdout F spawned$/m);
      await assert.rejects(
        runtime.create(spec('eleven', '', { argv: ['/no/such/program'] })).then(() => runtime.start('eleven')),
        /no\/such\/program|No such file/,
      );
      await runtime.remove('eleven');
    });

    test('removing the sandbox leaves no process, mount or directory', async () => {
      await runtime.createSandbox({ ...sandbox('pod-b'), sharedPid: true });
      await runtime.create(spec('nine', 'exec sleep 100', { sandboxId: 'pod-b' }));
      await runtime.start('nine');
      await runtime.removeSandbox('pod-b');
      assert.equal(await runtime.state('nine'), undefined);
      assert.ok(!readFileSync('/proc/self/mounts', 'utf8').includes('pod-b'));
      assert.deepEqual(
        (await runtime.sandboxes()).map(({ id }) => id),
        ['pod-a'],
      );
    });
  });
}
