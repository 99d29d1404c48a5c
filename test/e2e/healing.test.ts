import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const web = (name: string, more = '', pod = '') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 5
${pod}
      containers:
      - name: web
        image: busybox:1.36
        command: [sh, -c, 'mkdir -p /www; echo "$VERSION" > /www/index.html; touch /www/ready /www/live; httpd -f -p 8080 -h /www & trap "kill $!" TERM; wait; exit 1']
        env: [{name: VERSION, value: one}]
        lifecycle: {preStop: {sleep: {seconds: 1}}}
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 1}
        livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 1, failureThreshold: 2}
${more}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {type: LoadBalancer, selector: {app: ${name}}, ports: [{port: PORT, targetPort: 8080}]}
`;

describe('a cluster mends itself', () => {
  let cluster: TestCluster;
  const port = 20_000 + (process.pid % 10_000);
  before(() => {
    cluster = testCluster();
    cluster.wherry('image', 'pull', 'busybox:1.36');
    cluster.apply(web('web').replace('PORT', String(port)));
    cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
  });
  after(() => cluster.delete());
  const kubectl = (...args: string[]) => cluster.kubectl(...args);
  const podNames = () =>
    kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}')
      .trim()
      .split('\n')
      .sort();
  const ready = () =>
    kubectl('get', 'endpoints', 'web', '-o', 'jsonpath={.subsets[*].addresses[*].targetRef.name}')
      .split(' ')
      .filter(Boolean)
      .sort();

  test('a deleted pod is replaced', async () => {
    const [first = ''] = podNames();
    kubectl('delete', 'pod', first);
    await eventually('a new pod', () => ready().length === 2 && !podNames().includes(first));
  });

  test('a killed process is started again, with back-off', async () => {
    const [first = ''] = podNames();
    cluster.tryKubectl(['exec', first, '--', 'killall', 'httpd']);
    await eventually(
      'a restart',
      () => Number(kubectl('get', 'pod', first, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')) >= 1,
    );
    await eventually('both ready', () => ready().length === 2);
    kubectl('run', 'crasher', '--image=busybox:1.36', '--', 'sh', '-c', 'echo dying; exit 3');
    await eventually('CrashLoopBackOff', () => kubectl('get', 'pod', 'crasher').includes('CrashLoopBackOff'));
    assert.match(
      kubectl('get', 'events', '--field-selector', 'involvedObject.name=crasher'),
      /Back-off restarting failed container crasher in pod crasher_default/,
    );
    assert.match(kubectl('logs', 'crasher', '--previous'), /dying/);
    assert.equal(
      kubectl('get', 'pod', 'crasher', '-o', 'jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}'),
      '3',
    );
    kubectl('delete', 'pod', 'crasher', '--grace-period=0', '--force');
  });

  test('a pod whose readiness fails leaves the service and comes back', async () => {
    const [first = ''] = podNames();
    kubectl('exec', first, '--', 'rm', '/www/ready');
    await eventually('it left', () => ready().length === 1 && !ready().includes(first));
    kubectl('exec', first, '--', 'touch', '/www/ready');
    await eventually('it is back', () => ready().includes(first));
  });

  test('a pod whose liveness fails is restarted', async () => {
    const [first = ''] = podNames();
    const restarts = () =>
      Number(kubectl('get', 'pod', first, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'));
    const had = restarts();
    kubectl('exec', first, '--', 'rm', '/www/live');
    await eventually('a restart', () => restarts() > had);
    assert.match(
      kubectl('get', 'events', '--field-selector', `involvedObject.name=${first}`),
      /Liveness probe failed: HTTP probe failed with statuscode: 404/,
    );
    await eventually('both ready', () => ready().length === 2);
  });

  test('a new version rolls without a failed request, under load from another process', async () => {
    const load = startLoad(`http://127.0.0.1:${port}/`, 120_000);
    await eventually('load', () => load.count() > 50);
    kubectl('set', 'env', 'deployment/web', 'VERSION=two');
    kubectl('rollout', 'status', 'deployment/web', '--timeout=90s');
    await eventually(
      'the new version',
      async () => (await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim() === 'two',
    );
    const { requests, failed, faults } = await load.stop();
    assert.equal(failed, 0, `${failed} of ${requests} requests failed: ${faults.join('; ')}`);
    assert.ok(requests > 100);
  });

  test('a bad image leaves the old version serving', async () => {
    kubectl('set', 'image', 'deployment/web', 'web=localhost/no-such-image:1');
    await eventually('ImagePullBackOff', () =>
      /ErrImagePull|ImagePullBackOff/.test(kubectl('get', 'pods', '-l', 'app=web')),
    );
    assert.equal((await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim(), 'two');
    assert.equal(ready().length, 2);
    kubectl('rollout', 'undo', 'deployment/web');
    kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
  });

  test('a changed ConfigMap reaches its mounted volume, a Secret reaches the environment', async () => {
    kubectl('create', 'configmap', 'settings', '--from-literal=colour=green');
    kubectl('create', 'secret', 'generic', 'password', '--from-literal=value=hush');
    cluster.apply(`
apiVersion: v1
kind: Pod
metadata: {name: reader}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: settings, configMap: {name: settings}}]
  containers:
  - name: reader
    image: busybox:1.36
    command: [sleep, '3600']
    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: password, key: value}}}]
    volumeMounts: [{name: settings, mountPath: /settings}]
`);
    kubectl('wait', 'pod/reader', '--for=condition=Ready', '--timeout=60s');
    assert.equal(kubectl('exec', 'reader', '--', 'sh', '-c', 'echo $PASSWORD'), 'hush\n');
    assert.equal(kubectl('exec', 'reader', '--', 'cat', '/settings/colour'), 'green');
    kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}');
    await eventually('the new value', () => kubectl('exec', 'reader', '--', 'cat', '/settings/colour') === 'red');
    kubectl('delete', 'pod', 'reader');
  });
});

/** Requests one after another from a process of its own, each over a new connection; bounded in time. */
function startLoad(url: string, timeoutMs: number) {
  const script = `
    import http from 'node:http';
    let requests = 0, failed = 0; const faults = new Set(); const deadline = Date.now() + ${timeoutMs}; let going = true;
    process.on('SIGTERM', () => { going = false; });
    const one = () => new Promise((resolve) => {
      const request = http.get(${JSON.stringify(url)}, { agent: false, timeout: 5000 }, (answer) => {
        if (answer.statusCode !== 200) { failed++; faults.add('status ' + answer.statusCode); }
        answer.resume().on('end', resolve);
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => { failed++; faults.add(error.code ?? error.message); resolve(); });
    });
    const worker = async () => { while (going && Date.now() < deadline) { await one(); requests++; if (requests % 20 === 0) console.log(requests); await new Promise((r) => setTimeout(r, 5)); } };
    await Promise.all([worker(), worker(), worker(), worker()]);
    console.log(JSON.stringify({ requests, failed, faults: [...faults] }));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    count: () => Number(text.trim().split('\n').at(-1) ?? 0) || 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as {
        requests: number;
        failed: number;
        faults: string[];
      };
    },
  };
}
