import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { call, eventually, type TestCluster, testCluster } from './harness.ts';

const root = process.cwd();
let cluster: TestCluster;
let base: string;

before(() => {
  cluster = testCluster();
  base = mkdtempSync(join(tmpdir(), 'wherry-bad-input-'));
});

after(() => {
  cluster.delete();
  rmSync(base, { recursive: true, force: true });
});

/** An app's folder with these files. */
function folder(name: string, files: Record<string, string>): string {
  const path = join(base, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

/** The command fails with this exit status, and says this: the fault, then the way out on the next line. */
function refused(args: readonly string[], exitCode: number, ...said: readonly RegExp[]): void {
  const result = cluster.tryWherry(args, { timeoutMs: 60_000 });
  const text = result.stderr;
  assert.equal(result.exitCode, exitCode, `wherry ${args.join(' ')}\n${result.stdout}\n${text}`);
  for (const pattern of said) assert.match(text, pattern);
  assert.doesNotMatch(text, /^\s+at .*:\d+:\d+\)?$/m, 'a stack is shown to the user');
}

const up = (path: string, ...more: string[]) => ['up', path, '--name', cluster.name, ...more];
const workloads = () => cluster.kubectl('get', 'deployments,statefulsets,jobs,pods', '-o', 'name');

describe('an app that cannot be carried', () => {
  test('nothing in the folder, no folder, a file', () => {
    refused(up(folder('empty', {})), 1, /empty: the folder is empty\nLooked for a Dockerfile; package\.json/);
    refused(up(join(base, 'nowhere')), 1, /nowhere: no such folder\nName the app's folder: wherry up FOLDER/);
    refused(up(join(root, 'package.json')), 1, /package\.json: .+\n.+/);
  });

  test('no start command, and two of them', () => {
    const none = folder('none', { 'package.json': '{"name": "none"}', 'a.js': 'require("http")\n' });
    refused(up(none), 1, /none: found no command that starts the app\nLooked for .* Say it in package\.json/);
    const module = 'from flask import Flask\napp = Flask(__name__)\n';
    const two = folder('two', { 'requirements.txt': 'flask\n', 'one.py': module, 'two.py': module });
    refused(up(two), 1, /one\.py:2: two modules could start the app: one:app and two:app \(two\.py:2\)\nChoose in /);
  });

  test('a package.json that is not JSON is told of with its line', () => {
    const broken = folder('broken', { 'package.json': '{"name": "broken",\n "scripts": {"start": "node a.js"\n' });
    refused(up(broken), 1, /package\.json:3:1: expected a comma or \}.*\nMend package\.json/);
  });

  test('an SQL file that is named and not there', () => {
    const path = join(base, 'unseeded');
    cpSync(join(root, 'examples/users'), path, {
      recursive: true,
      filter: (from) => !/\/(node_modules|dist|dbsetup\.sql)(\/|$)/.test(from.slice(root.length)),
    });
    writeFileSync(join(path, 'wherry.yaml'), 'seed: dbsetup.sql\n');
    refused(up(path), 1, /wherry\.yaml:1: seed names dbsetup\.sql, which is not there\n.+/);
  });

  test('a Dockerfile with a fault, and a base image that does not exist', () => {
    const typo = folder('typo', { Dockerfile: 'FROM busybox:1.36\nRUM echo hi\n' });
    refused(up(typo), 1, /Dockerfile:2: unknown instruction:? RUM\nDid you mean RUN\?/);
    const baseless = folder('baseless', { Dockerfile: 'FROM registry.invalid/none:1\nCMD ["sh"]\n' });
    refused(up(baseless), 1, /Dockerfile:1: the image registry\.invalid\/none:1 cannot be had: .+\nCheck its name/);
  });

  test('none of them left a workload or an image', () => {
    assert.equal(workloads(), '');
    const images = cluster.wherry('image', 'list', '--json');
    for (const name of ['typo', 'baseless', 'broken', 'unseeded']) assert.ok(!images.includes(`localhost/${name}:`));
  });
});

describe('a wrong call', () => {
  test('an unknown command or flag, a missing argument: exit status 2', () => {
    refused(['frobnicate'], 2, /unknown command 'frobnicate'\n\(see: wherry --help\)/);
    refused(['cluster', 'frobnicate'], 2, /unknown command 'frobnicate'\n/);
    refused(['up', '--frob'], 2, /unknown option '--frob'\n/);
    refused(['cluster', 'start', '--frob'], 2, /unknown option '--frob'\n/);
    refused(['logs'], 2, /missing required argument 'app'\n/);
  });

  test('a value that is none: exit status 2', () => {
    refused(['cluster', 'start', '--name', 'new', '--api-port', 'x'], 2, /--api-port: "x" is not a port\nGive a whole/);
    refused(['cluster', 'start', '--name', 'new', '--http-port', '70000'], 2, /--http-port: "70000" is not a port\n/);
    refused(['cluster', 'start', '--name', 'new', '--outbound', 'up'], 2, /--outbound: "up" is no way out\nGive/);
    refused(up(join(root, 'examples/users'), '--replicas', 'x'), 2, /--replicas: "x" is not a number from 1 to 99999/);
    refused(['logs', 'users', '--since', 'soon'], 2, /--since: "soon" is not a duration\nWrite it as/);
    refused(['logs', 'users', '--tail', 'x'], 2, /--tail: "x" is not a number of lines\nWrite it as/);
    assert.ok(!existsSync(join(cluster.home, 'clusters/new')), 'a refused start left something');
  });

  test('what is not there: exit status 1', () => {
    refused(['logs', 'nobody', '--name', cluster.name], 1, /namespace default: has no app and no pod "nobody"\n.+/);
    refused(['status', '--context', 'nowhere'], 1, /no context "nowhere"\nIt has: /);
    refused(['cluster', 'stop', '--name', 'nobody'], 1, /cluster nobody: does not exist\n/);
    refused(
      ['image', 'push', 'registry.invalid/nobody:1'],
      1,
      /no such image here\nSee what there is: wherry image list/,
    );
    refused(['image', 'remove', 'nobody:1'], 1, /image nobody:1: is not on this machine\nSee what there is/);
    refused(['image', 'pull', 'A:b:c'], 1, /invalid reference format\nWrite it as/);
  });

  test('a manifest with an unknown field changes nothing', () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mistyped}\ndate: {a: b}\n';
    const said = cluster.tryKubectl(['apply', '-f', '-'], { input: manifest });
    assert.notEqual(said.exitCode, 0);
    assert.match(said.stderr, /unknown field "date"/);
    assert.notEqual(cluster.tryKubectl(['get', 'configmap', 'mistyped']).exitCode, 0);
  });
});

describe('a full disk', () => {
  test('a cluster does not start half, and starts when there is room', () => {
    withDisk('1m', (disk) => {
      const small = testCluster({ home: disk.path, name: `full-${process.pid}`, start: false });
      const said = small.tryWherry(['cluster', 'start', '--name', small.name]);
      assert.equal(said.exitCode, 1);
      assert.match(said.stderr, /clusters\/full-\d+: only \d+ MiB free on its disk, .+\nMake room/);
      assert.ok(!existsSync(join(disk.path, 'clusters', small.name, 'cluster.json')));
      disk.resize('200m');
      try {
        small.wherry('cluster', 'start', '--name', small.name);
        assert.match(small.kubectl('get', 'nodes'), /Ready/);
      } finally {
        small.delete();
      }
    });
  });

  test('a write that finds no room is refused, what was acknowledged stays, and it works again after', async () => {
    await withDisk('100m', async (disk) => {
      const full = testCluster({ home: disk.path, name: `filled-${process.pid}` });
      try {
        full.kubectl('create', 'configmap', 'before', '--from-literal=x=1');
        call('sh', ['-c', `cat /dev/zero > ${disk.path}/ballast 2>/dev/null`]);
        const big = join(base, 'big');
        writeFileSync(big, 'x'.repeat(900_000));
        let refusal = '';
        let kept = 0;
        while (refusal === '' && kept < 100) {
          const said = full.tryKubectl(['create', 'configmap', `big-${kept}`, `--from-file=${big}`]);
          if (said.exitCode === 0) kept++;
          else refusal = said.stderr;
        }
        assert.match(refusal, /no space|ENOSPC|MDB_MAP_FULL|disk/i);
        assert.match(full.kubectl('get', 'configmap', 'before', '-o', 'name'), /before/);
        rmSync(join(disk.path, 'ballast'));
        await eventually('room', () => full.tryKubectl(['create', 'configmap', 'after']).exitCode === 0);
        const { bundle } = JSON.parse(call('cat', [join(disk.path, 'clusters', full.name, 'cluster.json')]).stdout) as {
          bundle: { pid: number };
        };
        process.kill(bundle.pid, 'SIGKILL');
        full.wherry('cluster', 'start', '--name', full.name);
        const names = full.kubectl('get', 'configmaps', '-o', 'name');
        assert.match(names, /\/before\n/);
        assert.match(names, /\/after\n/);
        assert.equal(names.match(/\/big-/g)?.length ?? 0, kept);
      } finally {
        full.delete();
      }
    });
  });

  test('an image build without room leaves nothing, and is built when there is room', () => {
    withDisk('20m', (disk) => {
      const context = folder('big-image', { Dockerfile: 'FROM scratch\nCOPY big /big\n', big: 'x'.repeat(60_000_000) });
      const env = { WHERRY_HOME: disk.path, WHERRY_IMAGES: disk.path };
      const build = () => cluster.tryWherry(['image', 'build', '-t', 'big:1', context], { env });
      const said = build();
      assert.equal(said.exitCode, 1);
      assert.match(said.stderr, /Dockerfile:2: COPY: ENOSPC: no space left on device.*\nMake room/);
      assert.equal(cluster.tryWherry(['image', 'list', '--json'], { env }).stdout.trim(), '[]');
      assert.deepEqual(readdirSync(join(disk.path, 'tmp')), []);
      disk.resize('400m');
      assert.equal(build().exitCode, 0);
      assert.match(cluster.tryWherry(['image', 'list'], { env }).stdout, /^big:1 /m);
    });
  });
});

interface Disk {
  readonly path: string;
  resize(size: string): void;
}

/** A disk of its own, of that size (as `mount -o size` has it); gone again afterwards. */
function withDisk<T>(size: string, body: (disk: Disk) => T): T {
  const path = mkdtempSync(join(base, 'disk-'));
  const mount = (...options: string[]) => {
    const said = call('mount', options);
    assert.equal(said.exitCode, 0, said.stderr);
  };
  mount('-t', 'tmpfs', '-o', `size=${size}`, 'disk', path);
  const end = () => void call('umount', [path]);
  try {
    const result = body({ path, resize: (wanted) => mount('-o', `remount,size=${wanted}`, path) });
    if (!(result instanceof Promise)) end();
    else return result.finally(end) as T;
    return result;
  } catch (error) {
    end();
    throw error;
  }
}
