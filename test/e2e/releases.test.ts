import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { eventually, type TestCluster, testCluster } from './harness.ts';

let cluster: TestCluster;
let folder = '';
let url = '';
const here = (): string[] => ['--name', cluster.name];

const server = (greeting: string): string => `import http from 'node:http';
const secret = process.env.SESSION_SECRET;
const colour = process.env.COLOUR || '${greeting === 'first' ? 'red' : 'blue'}';
http.createServer((request, response) => {
  if (request.url === '/health') return response.end('fine');
  if (request.url === '/broken') return response.writeHead(500).end('it broke');
  response.end('${greeting} ' + colour + ' ' + Boolean(secret));
}).listen(process.env.PORT || 8080);
process.on('SIGTERM', () => process.exit(0));
`;

before(() => {
  cluster = testCluster();
  folder = mkdtempSync(join(tmpdir(), 'wherry-releases-'));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'greeter', type: 'module', scripts: { start: 'node server.js' } }),
  );
  writeFileSync(join(folder, 'server.js'), server('first'));
  url =
    cluster
      .wherry('deploy', folder, ...here(), '--replicas', '1')
      .trim()
      .split('\n')
      .at(-1) ?? '';
  writeFileSync(join(folder, 'server.js'), server('second'));
  cluster.wherry('deploy', folder, ...here(), '--replicas', '1', '--prove', '--rate', '40');
});
after(() => {
  cluster.delete();
  rmSync(folder, { recursive: true, force: true });
});

const secretOf = (): string =>
  cluster.kubectl('get', 'secret', 'greeter', '-o', 'jsonpath={.data.SESSION_SECRET}').trim();

describe('what was released', () => {
  test('is listed, and one is told in full, without any secret', () => {
    const list = cluster.wherry('releases', ...here());
    assert.match(list, /^greeter {3}v2 .*rolling .*localhost\/greeter:\w{12} +good +\d+ requests, 0 failed/m);
    assert.match(list, /^greeter {3}v1 .* good +-$/m);
    const json = JSON.parse(cluster.wherry('releases', 'greeter', ...here(), '--json')) as {
      number: number;
      verdict: string;
      objects: string[];
    }[];
    assert.deepEqual(
      json.map(({ number, verdict }) => [number, verdict]),
      [
        [1, 'good'],
        [2, 'good'],
      ],
    );
    assert.ok(json[1]?.objects.includes('deployment/greeter'));
    const full = cluster.wherry('releases', 'v2', ...here());
    assert.match(full, /verdict +good/);
    assert.match(full, /done roll/);
    assert.match(full, /latency from the moment each was due/);
    const whole = cluster.wherry('releases', 'v2', ...here(), '--json');
    const value = secretOf();
    assert.ok(value.length > 20);
    for (const text of [list, full, whole]) {
      assert.ok(!text.includes(value) && !text.includes(Buffer.from(value, 'base64').toString()));
    }
    assert.ok(whole.includes('(hidden)'));
  });

  test('is kept in Secrets that nobody changes any more', () => {
    const type = cluster.kubectl('get', 'secret', 'wherry-release-greeter-v1', '-o', 'jsonpath={.type} {.immutable}');
    assert.equal(type, 'wherry.io/release true');
    const said = cluster.tryKubectl([
      'patch',
      'secret',
      'wherry-release-greeter-v1',
      '-p',
      '{"data":{"release":"eA=="}}',
    ]);
    assert.match(said.stderr, /immutable/);
  });

  test('a number or an app that is not there is told with those that are', () => {
    const number = cluster.tryWherry(['releases', 'greeter', 'v9', ...here()]);
    assert.equal(number.exitCode, 1);
    assert.match(number.stderr, /has no release v9 in namespace default\nThere are: v1, v2/);
    const app = cluster.tryWherry(['diff', 'nobody', ...here()]);
    assert.match(app.stderr, /app nobody: has no releases in namespace default\nThere are those of: greeter/);
    assert.equal(cluster.tryWherry(['diff', 'v1', 'v2', 'v3', ...here()]).exitCode, 2);
  });
});

describe('what differs', () => {
  test('between two releases is shown object by object', () => {
    const diff = cluster.wherry('diff', 'v1', 'v2', ...here());
    assert.match(diff, /^greeter: from v1 to v2$/m);
    assert.match(diff, /^changed configmap\/greeter-\w{8}$/m);
    assert.match(diff, /^- {2}COLOUR: red$/m);
    assert.match(diff, /^\+ {2}COLOUR: blue$/m);
    assert.match(diff, /^\+ +image: localhost\/greeter:\w{12}$/m);
    assert.equal(cluster.wherry('diff', 'v2', 'v2', ...here()).trim(), 'greeter: no difference between v2 and v2');
  });

  test('between the last release and the cluster is what somebody changed', () => {
    assert.match(cluster.wherry('diff', ...here()), /no difference between v2 and the cluster/);
    const before = secretOf();
    cluster.kubectl('scale', 'deployment/greeter', '--replicas=2');
    const changed = Buffer.from('another').toString('base64');
    cluster.kubectl('patch', 'secret', 'greeter', '-p', JSON.stringify({ data: { SESSION_SECRET: changed } }));
    const found = JSON.parse(cluster.wherry('diff', '--live', ...here(), '--json')) as {
      differences: { object: string; change: string; lines: string[] }[];
    };
    assert.deepEqual(found.differences.map(({ object, change }) => `${change} ${object}`).sort(), [
      'changed deployment/greeter',
      'changed secret/greeter',
    ]);
    const text = JSON.stringify(found);
    assert.ok(!text.includes(before) && !text.includes(changed), text);
    assert.ok(text.includes('(hidden, another value)'));
    cluster.kubectl('patch', 'secret', 'greeter', '-p', JSON.stringify({ data: { SESSION_SECRET: before } }));
    cluster.kubectl('scale', 'deployment/greeter', '--replicas=1');
  });

  test('between the last release and a folder is what its release would change', () => {
    assert.match(cluster.wherry('diff', '--folder', folder, ...here()), /no difference between v2 and /);
    writeFileSync(join(folder, 'server.js'), server('third'));
    const diff = cluster.wherry('diff', '--folder', folder, ...here());
    assert.match(diff, /^changed deployment\/greeter$/m);
    assert.ok(!diff.includes('configmap/'), diff);
  });
});

describe('status', () => {
  test('is a tree with the release on top', () => {
    const said = cluster.wherry('status', ...here());
    assert.match(said, /^greeter {2}v2 good \d+s ago by \S+$/m);
    assert.match(said, /^└─ ● Deployment greeter 1\/1 localhost\/greeter:\w{12}$/m);
    assert.match(said, /^ {3}[├└]─ ● greeter-\S+ ready \d+s$/m);
  });

  test('tells of a release that was cut off: the step it is at, and the commands that go on and back', () => {
    const record = JSON.parse(cluster.kubectl('get', 'secret', 'wherry-release-greeter-v2', '-o', 'json')) as {
      data: { release: string };
      metadata: Record<string, unknown>;
    };
    const release = JSON.parse(gunzipSync(Buffer.from(record.data.release, 'base64')).toString()) as object;
    const packed = gzipSync(JSON.stringify({ ...release, number: 7, verdict: 'running', stepsDone: 0 }));
    const name = 'wherry-release-greeter-v7';
    const labels = { 'wherry/app': 'greeter', 'wherry/release': '7', 'wherry/verdict': 'running' };
    const data = { release: packed.toString('base64') };
    const type = 'wherry.io/release';
    cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type, metadata: { name, labels }, data }));
    const said = cluster.wherry('status', ...here());
    assert.match(said, /^├─ v7 was cut off \(rolling\), begun \S+ ago, step 1 of \d+: \S/m);
    assert.match(said, /^│ {2}├─ go on: wherry resume greeter$/m);
    assert.match(said, /^│ {2}└─ go back: wherry abort greeter$/m);
    cluster.kubectl('delete', 'secret', name);
  });

  test('tells why a new version does not start, with the last events, and ends with 1', async () => {
    cluster.kubectl('set', 'image', 'deployment/greeter', 'app=localhost/nothing:1');
    const said = await eventually('the reason', () => {
      const status = cluster.tryWherry(['status', 'greeter', ...here()]);
      return /ImagePullBackOff|ErrImagePull/.test(status.stdout) && status;
    });
    assert.equal(said.exitCode, 1);
    assert.match(said.stdout, /● greeter-\S+ container app: (ImagePullBackOff|ErrImagePull): .*localhost\/nothing:1/);
    assert.match(said.stdout, /ago Failed: /);
    const json = JSON.parse(cluster.tryWherry(['status', 'greeter', ...here(), '--json']).stdout) as {
      apps: { release: { number: number }; parts: { ok: boolean; pods: { ok: boolean; events: string[] }[] }[] }[];
    };
    assert.equal(json.apps[0]?.release.number, 2);
    assert.ok(json.apps[0]?.parts[0]?.pods.some(({ ok, events }) => !ok && events.length > 0));
    cluster.wherry('deploy', folder, ...here(), '--replicas', '1');
    assert.match(cluster.wherry('status', ...here()), /^greeter {2}v3 good/m);
  });
});

describe('smoke and load', () => {
  test('smoke asks the routes of the folder, or the paths given, and tells a pipeline', () => {
    const found = cluster.tryWherry(['smoke', url, '--folder', folder]);
    assert.match(found.stdout, /^ok {3}GET \/health 200 \(\d+ ms\)$/m);
    assert.match(found.stdout, /^FAIL GET \S+\/broken: answered 500: it broke$/m);
    assert.equal(found.exitCode, 1);
    assert.equal(cluster.tryWherry(['smoke', url, '--path', '/health']).exitCode, 0);
    const junit = join(folder, 'smoke.xml');
    const said = cluster.tryWherry(['smoke', '--path', '/health', '--path', '/broken', '--junit', junit], {
      env: { TARGET_URL: url },
    });
    assert.equal(said.exitCode, 1);
    assert.match(said.stdout, /^FAIL GET \S+\/broken: answered 500: it broke$/m);
    const xml = readFileSync(junit, 'utf8');
    assert.match(xml, /tests="2" failures="1"/);
    assert.match(xml, /<failure message="answered 500: it broke"\/>/);
    rmSync(junit);
  });

  test('load counts every request, in a process of its own that ends with its parent', async () => {
    const plot = join(folder, 'load.svg');
    const report = JSON.parse(
      cluster.wherry('load', url, '--rate', '100', '--for', '2s', '--plot', plot, '--json'),
    ) as { requests: number; failed: number; statuses: Record<string, number> };
    assert.deepEqual([report.requests, report.failed, report.statuses], [200, 0, { 200: 200 }]);
    assert.match(readFileSync(plot, 'utf8'), /^<svg /);
    rmSync(plot);
    const failing = cluster.tryWherry(['load', url, '--path', '/broken', '--rate', '20', '--for', '1s']);
    assert.equal(failing.exitCode, 1);
    assert.match(failing.stdout, /^failed 20: 500$/m);

    const parent = spawn(process.execPath, ['dist/wherry.mjs', 'load', url, '--for', '10m'], { stdio: 'ignore' });
    const worker = await eventually('the worker', () => childOf(parent.pid ?? 0));
    parent.kill('SIGKILL');
    await eventually('its end', () => !existsSync(`/proc/${worker}/cmdline`) || undefined);
  });
});

/** The load's own process below another. */
function childOf(parent: number): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (status.includes(`PPid:\t${parent}\n`) && command.includes('load-worker')) return Number(name);
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined;
}
