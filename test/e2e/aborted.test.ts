import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cutOff, isClean, STEPS, STRATEGIES } from './cut-off.ts';
import { type TestCluster, testCluster } from './harness.ts';
import { type ReleaseApp, releaseApp } from './release-app.ts';

const NAME = `aborted-${process.pid}`;
const GOOD = 'a';
/** What people keep beside an app, under its very label. */
const OWN = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: { name: own, labels: { app.kubernetes.io/instance: ${NAME} } }
    stringData: { key: value }
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: own, labels: { app.kubernetes.io/instance: ${NAME} } }
    data: { key: value }
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: { name: own, labels: { app.kubernetes.io/instance: ${NAME} } }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } }
`;

let cluster: TestCluster;
let app: ReleaseApp;
let url: string;
let own: string;

/** What stays is the very same: identity, and for what is small its content. */
const owned = (): string =>
  ['secret', 'configmap', 'persistentvolumeclaim']
    .map((kind) => cluster.kubectl('get', kind, 'own', '-o', 'jsonpath={.metadata.uid} {.data}'))
    .join('\n');
/** The settings that the release which serves was made with, as they were. */
const settings = (): string =>
  cluster.kubectl(
    'get',
    'configmaps',
    '-l',
    `app.kubernetes.io/instance=${NAME},app.kubernetes.io/managed-by=wherry`,
    '-o',
    'jsonpath={range .items[*]}{.metadata.uid} {.data}{end}',
  );

before(() => {
  cluster = testCluster();
  app = releaseApp(NAME);
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
  app.become({ version: GOOD });
  url = cluster.wherry('deploy', app.folder, '--name', cluster.name).trim().split('\n').at(-1) ?? '';
  cluster.apply(OWN);
  own = owned();
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  app.delete();
});

describe('a release whose process is killed at a step is aborted, and what served before serves', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    test(`${strategy}: at every step`, async () => {
      const before = settings();
      app.become({ version: 'b' });
      for (let step = 1; step <= STEPS[strategy]; step++) {
        const command = ['deploy', app.folder, '--strategy', strategy, ...STRATEGIES[strategy]];
        const { of } = await cutOff(cluster, command, step, 'SIGKILL');
        assert.equal(of, STEPS[strategy]);
        const said = cluster.tryWherry(['abort', '--name', cluster.name]);
        assert.equal(said.exitCode, 0, `${strategy} at step ${step}:\n${said.stdout}\n${said.stderr}`);
        await isClean(cluster, NAME, url, GOOD);
        assert.equal(owned(), own, `${strategy} at step ${step}`);
        assert.equal(settings(), before, `${strategy} at step ${step}`);
      }
    });
  }
});
