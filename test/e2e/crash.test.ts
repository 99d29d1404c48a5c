import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { call, eventually, type TestCluster, testCluster } from './harness.ts';

const status = (cluster: TestCluster) =>
  JSON.parse(cluster.tryWherry(['cluster', 'status', '--name', cluster.name, '--json']).stdout) as {
    running: boolean;
    engineProcess?: number;
    server: string;
  };

const KEEPER = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: keeper}
spec:
  serviceName: keeper
  replicas: 1
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec:
      terminationGracePeriodSeconds: 1
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
      containers:
      - name: keeper
        image: busybox:1.36
        command: [sh, -c, 'date +%s%N > /tmp/started; exec sleep 3600']
        volumeMounts: [{name: data, mountPath: /data}]
`;

describe('an engine that is killed', () => {
  test('loses nothing it acknowledged; containers go on, data stays', async () => {
    const cluster = testCluster();
    try {
      cluster.wherry('image', 'pull', 'busybox:1.36');
      cluster.apply(KEEPER);
      cluster.kubectl('rollout', 'status', 'statefulset/keeper', '--timeout=60s');
      cluster.kubectl('exec', 'keeper-0', '--', 'sh', '-c', 'echo precious > /data/file');
      const started = cluster.kubectl('exec', 'keeper-0', '--', 'cat', '/tmp/started');
      for (let index = 0; index < 20; index++)
        cluster.kubectl('create', 'configmap', `note-${index}`, '--from-literal=x=1');
      const pid = status(cluster).engineProcess;
      assert.ok(pid);
      process.kill(pid, 'SIGKILL');
      await eventually('its end', () => !status(cluster).running);
      cluster.wherry('cluster', 'start', '--name', cluster.name);
      assert.equal(cluster.kubectl('get', 'configmaps', '-o', 'name').match(/note-/g)?.length, 20);
      await eventually('the pod to be ready', () => cluster.kubectl('get', 'pod', 'keeper-0').includes('1/1'));
      assert.equal(cluster.kubectl('exec', 'keeper-0', '--', 'cat', '/data/file'), 'precious\n');
      assert.equal(
        cluster.kubectl('exec', 'keeper-0', '--', 'cat', '/tmp/started'),
        started,
        'the container was started anew',
      );

      // Everything goes down at once, as when the machine does.
      const { bundle } = JSON.parse(
        readFileSync(join(cluster.home, 'clusters', cluster.name, 'cluster.json'), 'utf8'),
      ) as { bundle: { pid: number } };
      process.kill(bundle.pid, 'SIGKILL');
      await eventually('its end', () => !status(cluster).running);
      cluster.wherry('cluster', 'start', '--name', cluster.name);
      await eventually('the pod to run again', () => cluster.kubectl('get', 'pod', 'keeper-0').includes('1/1'));
      assert.equal(cluster.kubectl('exec', 'keeper-0', '--', 'cat', '/data/file'), 'precious\n');

      cluster.wherry('cluster', 'stop', '--name', cluster.name);
      assert.equal(status(cluster).running, false);
      cluster.wherry('cluster', 'start', '--name', cluster.name);
      await eventually('the pod after a stop', () => cluster.kubectl('get', 'pod', 'keeper-0').includes('1/1'));
      assert.equal(cluster.kubectl('exec', 'keeper-0', '--', 'cat', '/data/file'), 'precious\n');
    } finally {
      cluster.delete();
    }
  });
});

describe('deleting a cluster', () => {
  test('leaves no process, mount, namespace, cgroup, socket or file', async () => {
    const hostLinks = links();
    const cluster = testCluster();
    cluster.apply(KEEPER);
    cluster.kubectl('rollout', 'status', 'statefulset/keeper', '--timeout=60s');
    const { bundle, settings } = JSON.parse(
      readFileSync(join(cluster.home, 'clusters', cluster.name, 'cluster.json'), 'utf8'),
    ) as { bundle: { pid: number }; settings: Record<'apiPort' | 'httpPort' | 'httpsPort', number> };
    const namespaces = ['net', 'mnt', 'pid'].map((kind) => readlinkSync(`/proc/${bundle.pid}/ns/${kind}`));
    const ports = [settings.apiPort, settings.httpPort, settings.httpsPort];
    // Each way of looking must see the cluster while it is there, or its silence afterwards would say nothing.
    assert.ok(processesIn(namespaces).length > 3);
    assert.ok(cgroupsOf(cluster.name).length > 0);
    assert.deepEqual(listening(ports), ports);

    cluster.wherry('cluster', 'delete', '--name', cluster.name);
    assert.deepEqual(processesIn(namespaces), []);
    assert.deepEqual(cgroupsOf(cluster.name), []);
    assert.deepEqual(listening(ports), []);
    assert.deepEqual(
      readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(cluster.home)),
      [],
    );
    assert.deepEqual(links(), hostLinks);
    assert.ok(!existsSync(join(cluster.home, 'clusters', cluster.name)));
    assert.ok(!existsSync(join(cluster.home, 'clusters', `${cluster.name}.lock`)));
    cluster.delete();
  });
});

describe('two clusters on one machine', () => {
  test('do not see each other', async () => {
    const [one, two] = [testCluster(), testCluster()];
    try {
      assert.notEqual(status(one).server, status(two).server);
      one.kubectl('create', 'namespace', 'only-here');
      assert.doesNotMatch(two.kubectl('get', 'namespaces'), /only-here/);
      for (const cluster of [one, two]) {
        cluster.apply(KEEPER);
        cluster.kubectl('rollout', 'status', 'statefulset/keeper', '--timeout=60s');
        cluster.kubectl('exec', 'keeper-0', '--', 'sh', '-c', `echo ${cluster.name} > /data/file`);
      }
      assert.equal(one.kubectl('exec', 'keeper-0', '--', 'cat', '/data/file').trim(), one.name);
      assert.equal(two.kubectl('exec', 'keeper-0', '--', 'cat', '/data/file').trim(), two.name);
      one.delete();
      assert.match(two.kubectl('get', 'pods'), /keeper-0\s+1\/1/);
    } finally {
      one.delete();
      two.delete();
    }
  });
});

describe('bad input to cluster commands', () => {
  test('a port in use, a name with a slash, a cluster that is not there', async () => {
    const cluster = testCluster({ start: false });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const taken = cluster.tryWherry(['cluster', 'start', '--name', cluster.name, '--api-port', String(port)]);
    assert.equal(taken.exitCode, 1);
    assert.match(taken.stderr, new RegExp(`--api-port: port ${port} is in use\\nChoose another`));
    assert.ok(!existsSync(join(cluster.home, 'clusters', cluster.name, 'cluster.json')));
    server.close();
    const slash = cluster.tryWherry(['cluster', 'start', '--name', 'a/b']);
    assert.equal(slash.exitCode, 2);
    assert.match(slash.stderr, /--name: "a\/b" cannot be a cluster's name\nUse 1 to 40/);
    const absent = cluster.tryWherry(['cluster', 'status', '--name', 'nobody']);
    assert.match(absent.stderr, /cluster nobody: does not exist\nStart one: wherry cluster start/);
    cluster.delete();
  });

  test("the user's kubeconfig keeps what was there", () => {
    const cluster = testCluster({ start: false });
    const own = join(cluster.home, 'user-kubeconfig');
    const mine =
      'apiVersion: v1\nkind: Config\n# mine\nclusters:\n  - name: mine\n    cluster: {server: https://mine.example}\nusers: []\ncontexts:\n  - name: mine\n    context: {cluster: mine, user: me}\ncurrent-context: mine\n';
    call('sh', ['-c', `cat > ${own}; chmod 640 ${own}`], { input: mine });
    cluster.wherry('cluster', 'start', '--name', cluster.name);
    const merged = readFileSync(own, 'utf8');
    assert.match(merged, /# mine/);
    assert.match(merged, new RegExp(`current-context: wherry-${cluster.name}`));
    assert.match(cluster.tryKubectl(['--kubeconfig', own, 'get', 'nodes']).stdout, /Ready/);
    assert.equal(call('stat', ['-c', '%a', cluster.kubeconfig]).stdout.trim(), '600');
    assert.equal(call('stat', ['-c', '%a', own]).stdout.trim(), '640');
    cluster.wherry('cluster', 'delete', '--name', cluster.name);
    const left = readFileSync(own, 'utf8');
    assert.match(left, /server: https:\/\/mine\.example/);
    assert.doesNotMatch(left, new RegExp(cluster.name));
    cluster.delete();
  });
});

/** Process ids that are in one of these namespaces (or, being inside a container, in one made below them). */
function processesIn(namespaces: readonly string[]): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return ['net', 'mnt', 'pid'].some((kind) => namespaces.includes(readlinkSync(`/proc/${pid}/ns/${kind}`)));
    } catch {
      return false;
    }
  });
}

function cgroupsOf(name: string): string[] {
  return call('find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*/wherry/${name}*`])
    .stdout.split('\n')
    .filter(Boolean);
}

/** Those of the ports that something listens on, on 127.0.0.1. */
function listening(ports: readonly number[]): number[] {
  const table = readFileSync('/proc/net/tcp', 'utf8');
  return ports.filter((port) =>
    table.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`),
  );
}

/** The host's network interfaces. */
function links(): string[] {
  return readdirSync('/sys/class/net').sort();
}
