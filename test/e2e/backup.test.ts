import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const NOTES = `
apiVersion: v1
kind: Service
metadata: {name: notes, labels: {app.kubernetes.io/instance: notes}}
spec: {selector: {app: notes}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Secret
metadata: {name: notes, labels: {app.kubernetes.io/instance: notes}}
stringData: {password: hunter22}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: of-another-app}
data: {a: b}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: notes, labels: {app.kubernetes.io/instance: notes}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: one}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: notes, labels: {app.kubernetes.io/instance: notes}}
spec:
  serviceName: notes
  replicas: 1
  selector: {matchLabels: {app: notes}}
  template:
    metadata: {labels: {app: notes}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: notes
          image: busybox:1.37
          command:
            - sh
            - -c
            - |
              if [ ! -e /data/big ]; then
                mkdir /data/own && echo first > /data/own/note && chmod 640 /data/own/note && chown -R 1234:1234 /data/own
                ln -s own/note /data/link
                head -c 20000000 /dev/urandom > /data/new && mv /data/new /data/big
              fi
              exec sleep 100000
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, labels: {app.kubernetes.io/instance: notes}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: once, image: 'busybox:1.37', command: ['true']}]
`;

let cluster: TestCluster;
let folder: string;
let file: string;
let content: string;

before(() => {
  cluster = testCluster();
  folder = mkdtempSync(join(tmpdir(), 'backup-'));
  file = join(folder, 'notes.tar.gz');
  cluster.wherry('image', 'pull', 'busybox:1.37');
  cluster.kubectl('create', 'namespace', 'one');
  writeFileSync(join(folder, 'notes.yaml'), NOTES);
  cluster.kubectl('-n', 'one', 'apply', '-f', join(folder, 'notes.yaml'));
  cluster.kubectl('-n', 'one', 'wait', '--for=condition=complete', 'job/once', '--timeout=60s');
});
after(() => {
  cluster.delete();
  rmSync(folder, { recursive: true, force: true });
});

/** What stands on the volume: names, owners, modes, links, sums. */
const volumeOf = (namespace: string): Promise<string> =>
  eventually(`the pod of ${namespace} has its data`, () => {
    const script =
      'cd /data && test -e big && ls -lnR --full-time own link big | cut -c1-40 && md5sum big own/note link';
    const said = cluster.tryKubectl(['-n', namespace, 'exec', 'notes-0', '--', 'sh', '-c', script]);
    return said.exitCode === 0 && said.stdout;
  });
const restore = (...args: string[]) => cluster.tryWherry(['restore', file, '--name', cluster.name, ...args]);
const get = (namespace: string, what: string, path: string): string =>
  cluster.kubectl('-n', namespace, 'get', what, '-o', `jsonpath=${path}`);

describe('a backup of an app with a volume', () => {
  test('is one file for its owner alone, made while the app rests, which then runs again', async () => {
    content = await volumeOf('one');
    const said = cluster.wherry('backup', 'notes', '-n', 'one', '--name', cluster.name, '-o', file);
    assert.match(
      said,
      /statefulset\/notes rests[\s\S]*claim data-notes-0: 2\d\.\d MB[\s\S]*statefulset\/notes runs again/,
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!existsSync(`${file}.partial`));
    assert.equal(get('one', 'statefulset/notes', '{.spec.replicas}'), '1');
    assert.equal(cluster.kubectl('-n', 'one', 'get', 'pods', '-l', 'wherry/helper', '-o', 'name'), '');
    assert.equal(await volumeOf('one'), content);
  });

  test('says what it holds, without what a server fills in and without what is not of the app', () => {
    const index = JSON.parse(cluster.wherry('restore', file, '--dry-run', '--json')) as { objects: string[] };
    assert.deepEqual(index.objects, [
      'secret/notes',
      'persistentvolumeclaim/data-notes-0',
      'rolebinding/notes',
      'service/notes',
      'statefulset/notes',
      'job/once',
    ]);
  });

  test('comes back in another namespace, byte for byte; what had run does not run again', async () => {
    const said = restore('--namespace', 'two');
    assert.equal(said.exitCode, 0, said.stderr);
    assert.equal(await volumeOf('two'), content);
    assert.equal(get('two', 'secret/notes', '{.data.password}'), Buffer.from('hunter22').toString('base64'));
    assert.equal(get('two', 'rolebinding/notes', '{.subjects[0].namespace}'), 'two');
    assert.equal(get('two', 'job/once', '{.status.conditions[?(@.type=="Complete")].status}'), 'True');
    assert.equal(get('two', 'pods', '{.items[*].metadata.name}'), 'notes-0');
  });

  test('overwrites nothing by itself, and everything when it is told to', async () => {
    cluster.kubectl('-n', 'one', 'exec', 'notes-0', '--', 'sh', '-c', 'echo second > /data/own/note; touch /data/more');
    const refused = restore();
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /namespace one: 6 of the 6 objects are there already: .*\n.*--force/);
    assert.notEqual(await volumeOf('one'), content);
    const forced = restore('--force');
    assert.equal(forced.exitCode, 0, forced.stderr);
    assert.equal(await volumeOf('one'), content);
    assert.equal(cluster.tryKubectl(['-n', 'one', 'exec', 'notes-0', '--', 'test', '-e', '/data/more']).exitCode, 1);
  });

  test('that was interrupted goes on when it is run again', async () => {
    const said = restore('--namespace', 'three', '--no-volumes');
    assert.equal(said.exitCode, 0, said.stderr);
    // As after a run that was cut off between the claims and their users.
    cluster.kubectl('-n', 'three', 'delete', 'statefulset', 'notes', '--cascade=foreground', '--timeout=60s');
    const again = restore('--namespace', 'three');
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal(await volumeOf('three'), content);
    const third = JSON.parse(restore('--namespace', 'three', '--json').stdout) as { filled: string[] };
    assert.deepEqual(third.filled, []);
  });

  test('is refused when it is not whole or not as it was written', () => {
    const cut = join(folder, 'cut.tar.gz');
    copyFileSync(file, cut);
    truncateSync(cut, statSync(file).size - 1000);
    const said = cluster.tryWherry(['restore', cut, '--namespace', 'four', '--name', cluster.name]);
    assert.equal(said.exitCode, 1);
    assert.match(said.stderr, /cut\.tar\.gz: (?:is no whole backup|cannot be read)/);
    const plain = join(folder, 'plain.tar');
    cluster.wherry('backup', 'notes', '-n', 'two', '--name', cluster.name, '-o', plain, '--live');
    const bytes = readFileSync(plain);
    bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1;
    writeFileSync(plain, bytes);
    const changed = cluster.tryWherry(['restore', plain, '--namespace', 'four', '--name', cluster.name]);
    assert.match(changed.stderr, /the content of claim data-notes-0 is not as it was saved/);
    assert.equal(cluster.tryKubectl(['get', 'namespace', 'four']).exitCode, 1);
  });
});
