import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { call, eventually, type TestCluster, testCluster } from './harness.ts';

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: busybox:1.36
        command: [sh, -c, 'mkdir -p /www; echo "hello from $HOSTNAME $COLOUR" > /www/index.html; exec httpd -f -p 8080 -h /www']
        ports: [{containerPort: 8080, name: http}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
`;

describe('kubectl', () => {
  let cluster: TestCluster;
  before(() => {
    cluster = testCluster();
    cluster.wherry('image', 'pull', 'busybox:1.36');
  });
  after(() => cluster.delete());
  const kubectl = (...args: string[]) => cluster.kubectl(...args);

  test('apply, rollout status, get in every form', () => {
    assert.match(cluster.apply(WEB), /deployment\.apps\/web created/);
    kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    assert.match(kubectl('get', 'deployment', 'web'), /web\s+2\/2\s+2\s+2/);
    assert.match(
      kubectl('get', 'pods', '-o', 'wide', '-l', 'app=web'),
      /1\/1\s+Running\s+0\s+\S+\s+10\.244\.\d+\.\d+\s+wherry-/,
    );
    assert.match(kubectl('get', 'deployment', 'web', '-o', 'yaml'), /kind: Deployment/);
    assert.equal(kubectl('get', 'pods', '-l', 'app=nothing', '-o', 'name'), '');
    assert.match(kubectl('get', 'all'), /replicaset\.apps\/web-/);
    assert.match(kubectl('get', 'nodes', '-o', 'wide'), /Ready.*v1\.36/);
    assert.match(
      kubectl('get', 'events', '--field-selector', 'reason=Scheduled'),
      /Successfully assigned default\/web-/,
    );
    assert.match(kubectl('api-resources', '--api-group=apps'), /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/);
    assert.match(kubectl('version'), /Server Version: v1\.36/);
  });

  test('apply again changes nothing; server-side apply takes over', () => {
    assert.match(cluster.apply(WEB), /web unchanged/);
    const applied = cluster.tryKubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: WEB });
    assert.match(applied.stdout, /web serverside-applied/, applied.stderr);
    assert.match(kubectl('get', 'deployment', 'web', '-o', 'yaml', '--show-managed-fields'), /operation: Apply/);
    const conflict = cluster.tryKubectl(['apply', '--server-side', '--field-manager=other', '-f', '-'], {
      input: WEB.replace('replicas: 2', 'replicas: 3'),
    });
    assert.notEqual(conflict.exitCode, 0);
    assert.match(conflict.stderr, /conflict with "kubectl"/);
  });

  test('describe tells the events', () => {
    const text = kubectl('describe', 'pod', '-l', 'app=web');
    assert.match(text, /Started\s+.*Started container web|Container started/i);
    assert.match(text, /Readiness:\s+http-get http:\/\/:http\//);
    assert.match(kubectl('describe', 'deployment', 'web'), /NewReplicaSet:\s+web-/);
    assert.match(kubectl('describe', 'node'), /Allocatable:/);
  });

  test('create, label, annotate, patch, replace, edit, delete', () => {
    kubectl('create', 'configmap', 'settings', '--from-literal=colour=green');
    kubectl('label', 'configmap', 'settings', 'tier=front');
    assert.match(kubectl('get', 'configmap', '-l', 'tier=front', '-o', 'name'), /configmap\/settings/);
    kubectl('annotate', 'configmap', 'settings', 'note=hello');
    kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"size":"big"}}');
    kubectl(
      'patch',
      'configmap',
      'settings',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/shape","value":"round"}]',
    );
    kubectl('patch', 'configmap', 'settings', '--type=merge', '-p', '{"data":{"size":null}}');
    assert.deepEqual(JSON.parse(kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data}')), {
      colour: 'green',
      shape: 'round',
    });
    const text = kubectl('get', 'configmap', 'settings', '-o', 'yaml').replace('green', 'red');
    assert.equal(cluster.tryKubectl(['replace', '-f', '-'], { input: text }).exitCode, 0);
    assert.equal(kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'), 'red');
    const edited = cluster.tryKubectl(['edit', 'configmap', 'settings'], {
      env: { KUBE_EDITOR: 'sed -i s/red/blue/' },
    });
    assert.equal(edited.exitCode, 0, edited.stderr);
    assert.equal(kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'), 'blue');
    assert.match(kubectl('delete', 'configmap', 'settings'), /deleted/);
    assert.match(cluster.tryKubectl(['get', 'configmap', 'settings']).stderr, /configmaps "settings" not found/);
  });

  test('set env and set image roll; history and undo go back', () => {
    kubectl('set', 'env', 'deployment/web', 'COLOUR=green');
    kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    assert.match(kubectl('rollout', 'history', 'deployment/web'), /\n2\s/);
    kubectl('rollout', 'undo', 'deployment/web');
    kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    assert.equal(kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].env}'), '');
    kubectl('rollout', 'restart', 'deployment/web');
    kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
  });

  test('scale and expose', async () => {
    kubectl('scale', 'deployment/web', '--replicas=3');
    kubectl('wait', 'deployment/web', '--for=jsonpath={.status.readyReplicas}=3', '--timeout=60s');
    kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
    const address = kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    assert.match(address, /^10\.96\./);
    await eventually(
      'three endpoints',
      () => kubectl('get', 'endpoints', 'web', '-o', 'jsonpath={.subsets[0].addresses}').match(/"ip"/g)?.length === 3,
    );
    kubectl(
      'run',
      'asker',
      '--image=busybox:1.36',
      '--restart=Never',
      '--command',
      '--',
      'sh',
      '-c',
      'wget -qO- http://web; wget -qO- http://web.default.svc.cluster.local; nslookup web.default.svc.cluster.local',
    );
    kubectl('wait', 'pod/asker', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    const said = kubectl('logs', 'asker');
    assert.match(said, /hello from web-[\s\S]*hello from web-/);
    assert.ok(said.includes(address));
  });

  test('logs -f follows, exec and cp work', async () => {
    kubectl(
      'run',
      'talker',
      '--image=busybox:1.36',
      '--',
      'sh',
      '-c',
      'i=0; while :; do echo line $i; i=$((i+1)); sleep 0.2; done',
    );
    kubectl('wait', 'pod/talker', '--for=condition=Ready', '--timeout=60s');
    const following = cluster.startKubectl('logs', '-f', 'talker');
    await eventually('the fifth line', () => following.output().includes('line 5\n'));
    following.stop();
    assert.match(kubectl('logs', 'talker', '--tail=1'), /^line \d+\n$/);
    assert.equal(
      cluster.tryKubectl(['exec', '-i', 'talker', '--', 'cat'], { input: 'through the pipe' }).stdout,
      'through the pipe',
    );
    assert.equal(cluster.tryKubectl(['exec', 'talker', '--', 'sh', '-c', 'exit 7']).exitCode, 7);
    // `script` gives kubectl a terminal, as a person has one.
    const terminal = call(
      'script',
      [
        '-qec',
        `${process.env.WHERRY_TEST_KUBECTL || 'kubectl'} --kubeconfig ${cluster.kubeconfig} exec -it talker -- tty`,
        '/dev/null',
      ],
      { timeoutMs: 30_000 },
    );
    assert.match(terminal.stdout, /\/dev\//);
    const file = join(cluster.home, 'sent.txt');
    writeFileSync(file, 'a file\n');
    kubectl('cp', file, 'talker:/tmp/got.txt');
    assert.equal(kubectl('exec', 'talker', '--', 'cat', '/tmp/got.txt'), 'a file\n');
    kubectl('delete', 'pod', 'talker', '--grace-period=0', '--force');
  });

  test('port-forward reaches a pod and a service', async () => {
    const forward = cluster.startKubectl('port-forward', 'service/web', ':80');
    const port = await eventually('the forwarded port', () => /127\.0\.0\.1:(\d+)/.exec(forward.output())?.[1]);
    const text = await eventually('an answer', async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
    forward.stop();
    assert.match(text, /hello from web-/);
  });

  test('run -it --rm with input attaches and ends', () => {
    const said = cluster.tryKubectl(
      [
        'run',
        'once',
        '--image=busybox:1.36',
        '--rm',
        '-i',
        '--restart=Never',
        '--command',
        '--',
        'sh',
        '-c',
        'read line; echo got $line',
      ],
      { input: 'rope\n', timeoutMs: 60_000 },
    );
    assert.match(said.stdout, /got rope/, said.stderr);
  });

  test('explain, auth can-i, wait, dry-run, diff', () => {
    assert.match(kubectl('explain', 'deployment.spec.strategy'), /RollingUpdate/);
    assert.match(kubectl('auth', 'can-i', 'create', 'deployments'), /yes/);
    const denied = cluster.tryKubectl([
      'auth',
      'can-i',
      'create',
      'deployments',
      '--as=system:serviceaccount:default:default',
    ]);
    assert.match(denied.stdout, /no/);
    assert.match(kubectl('wait', 'deployment/web', '--for=condition=Available', '--timeout=30s'), /condition met/);
    assert.match(
      kubectl('create', 'deployment', 'unborn', '--image=x', '--dry-run=server'),
      /created \(server dry run\)/,
    );
    assert.notEqual(cluster.tryKubectl(['get', 'deployment', 'unborn']).exitCode, 0);
    assert.match(
      cluster.tryKubectl(['diff', '-f', '-'], { input: WEB.replace('replicas: 2', 'replicas: 5') }).stdout,
      /\+\s+replicas: 5/,
    );
  });

  test('an unknown field is refused with its place', () => {
    const said = cluster.tryKubectl(['apply', '-f', '-'], {
      input: WEB.replace('replicas: 2', 'replcas: 2').replace('name: web,', 'name: typo,'),
    });
    assert.notEqual(said.exitCode, 0);
    assert.match(said.stderr, /unknown field "spec\.replcas"/);
  });

  test('drain and uncordon', async () => {
    const node = kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
    kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=60s');
    assert.match(kubectl('get', 'node', node), /SchedulingDisabled/);
    await eventually('pods wait', () => kubectl('get', 'pods', '-l', 'app=web').includes('Pending'));
    assert.match(
      kubectl('describe', 'pod', '-l', 'app=web'),
      /0\/1 nodes are available: 1 node\(s\) were unschedulable/,
    );
    kubectl('uncordon', node);
    kubectl('wait', 'deployment/web', '--for=condition=Available', '--timeout=60s');
  });

  test('delete removes what a deployment owns', async () => {
    kubectl('delete', 'deployment', 'web');
    kubectl('delete', 'service', 'web');
    await eventually('its pods to go', () => kubectl('get', 'pods', '-l', 'app=web', '-o', 'name') === '');
    assert.equal(kubectl('get', 'replicasets', '-l', 'app=web', '-o', 'name'), '');
  });
});
