import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { type Manifest, objectsOf } from '../../src/road/manifests/index.ts';
import type { Application, Part } from '../../src/road/model/index.ts';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const IMAGE = 'busybox:1.37';
let cluster: TestCluster;

before(() => {
  cluster = testCluster();
  // A machine that has none of them yet assembles them, which takes longer than a pod's own wait.
  for (const image of [IMAGE, 'curlimages/curl:8.16.0']) cluster.wherry('image', 'pull', image);
});
after(() => cluster.delete());

const port = { name: 'http', target: 8080, port: 80, protocol: 'TCP' as const };
const part = (name: string, script: string, more: Partial<Part> = {}): Part => ({
  name,
  kind: 'deployment',
  role: 'part',
  image: { reference: IMAGE },
  command: ['sh', '-c', script],
  environment: [],
  ports: [],
  mounts: [],
  needs: [],
  resources: { requests: { cpu: '10m' } },
  gracePeriodSeconds: 1,
  user: { userId: 1000 },
  source: 'compose.yaml:1',
  ...more,
});
const serving = 'mkdir -p /tmp/www && echo "$PASSWORD $1" > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www';

function application(name: string, job: string): Application {
  return {
    name,
    version: undefined,
    parts: [
      part(`${name}-web`, serving, {
        role: 'web',
        ports: [port],
        environment: [
          { name: 'PASSWORD', value: { is: 'secret', set: name, key: 'PASSWORD' }, source: 'x' },
          { name: 'MODE', value: { is: 'plain', text: 'quick' }, source: 'x' },
        ],
        container: { securityContext: { readOnlyRootFilesystem: true } },
        mounts: [
          { path: '/tmp', from: { is: 'scratch', name: 'tmp' } },
          { path: '/etc/app', from: { is: 'settings', set: 'conf' } },
          { path: '/data', from: { is: 'volume', volume: 'data' } },
        ],
        needs: [
          { part: `${name}-migrate`, condition: 'completed' },
          { part: `${name}-worker`, condition: 'ready' },
        ],
      }),
      part(`${name}-worker`, 'exec sleep 1000', { needs: [{ part: `${name}-db`, condition: 'ready' }] }),
      part(`${name}-migrate`, job, {
        kind: 'job',
        role: 'migrate',
        stage: 'migrate',
        needs: [{ part: `${name}-db`, condition: 'ready' }],
      }),
      part(`${name}-db`, `sleep 2; ${serving}`, {
        kind: 'statefulset',
        role: 'database',
        ports: [port],
        aliases: [`${name}-data`],
        mounts: [{ path: '/data', from: { is: 'own', name: 'data', size: '1Gi' } }],
      }),
    ],
    builds: [],
    settings: [{ name: 'conf', role: 'web', values: { 'app.conf': 'colour=blue' }, source: 'x' }],
    secrets: [{ name, role: 'web', values: { PASSWORD: { is: 'random' } }, source: 'x' }],
    volumes: [{ name: 'data', size: '1Gi', source: 'x' }],
    externals: [],
    front: `${name}-web`,
    release: { smokePaths: ['/'] },
    notes: [],
  };
}

const written = (wanted: Application): readonly Manifest[] =>
  objectsOf(wanted, { namespace: 'shops', imageOf: () => IMAGE, ordering: 'objects', replicas: 1 }).objects;
/** Backwards, so that nothing is there by luck when it is waited for; the namespace must be first. */
const asYaml = ([namespace, ...rest]: readonly Manifest[]): string =>
  [namespace, ...[...rest].reverse()].map((object) => stringify(object)).join('---\n');
const kubectl = (...args: string[]): string => cluster.kubectl('-n', 'shops', ...args);

const GENERATIONS = 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}';

interface Times {
  readonly status: {
    readonly completionTime?: string;
    readonly containerStatuses?: readonly { state: { running?: { startedAt: string } } }[];
  };
}

describe('objects that keep their own order', () => {
  test('applied all at once by kubectl, each pod starts after what it needs', () => {
    cluster.apply(asYaml(written(application('one', 'sleep 2'))));
    kubectl('rollout', 'status', 'deployment/one-web', '--timeout=60s');
    const { items: jobs } = JSON.parse(kubectl('get', 'jobs', '-o', 'json')) as { items: Times[] };
    const { items: pods } = JSON.parse(kubectl('get', 'pods', '-l', 'wherry/part=one-web', '-o', 'json')) as {
      items: Times[];
    };
    const completed = Date.parse(jobs[0]?.status.completionTime ?? '');
    const started = Date.parse(pods[0]?.status.containerStatuses?.[0]?.state.running?.startedAt ?? '');
    assert.ok(started >= completed, `the app started at ${started}, its migration ended at ${completed}`);
    assert.match(
      kubectl('logs', 'deployment/one-web', '-c', 'wait-one-migrate'),
      /waiting for job one-migrate-\w+ to complete/,
    );
  });

  test('the app has its files, settings and secret, and no token', () => {
    const inside = (script: string) => kubectl('exec', 'deployment/one-web', '-c', 'app', '--', 'sh', '-c', script);
    assert.equal(inside('cat /etc/app/app.conf; echo " $MODE"; id -u'), 'colour=blue quick\n1000\n');
    assert.match(inside('wget -q -O - http://one-data/ && wget -q -O - http://one-db-0.one-db-pods:8080/'), /^\s+$/);
    assert.match(inside('wget -q -O - http://localhost:8080/'), /^[A-Za-z0-9]{32} /);
    assert.equal(inside('ls /var/run/secrets 2>/dev/null || true'), '');
    assert.equal(inside('touch /data/x && echo written; touch /x 2>/dev/null || echo refused'), 'written\nrefused\n');
  });

  test('the same objects again change nothing and run no job twice', () => {
    const objects = written(application('two', 'true'));
    cluster.apply(asYaml(objects));
    kubectl('rollout', 'status', 'deployment/two-web', '--timeout=60s');
    const versions = () =>
      kubectl('get', 'deploy,sts,job,svc,cm,secret,pvc', '-l', 'app.kubernetes.io/name=two', '-o', GENERATIONS);
    const before = versions();
    const said = cluster.apply(asYaml(objects));
    // kubectl compares a StatefulSet's claims with the defaults that the server put in, and sends them again each time.
    const changed = said.split('\n').filter((line) => line !== '' && !/ unchanged$|^statefulset/.test(line));
    assert.deepEqual(changed, []);
    assert.equal(versions(), before);
  });

  test('a failed migration keeps the app from starting, and its pod says why', async () => {
    cluster.apply(asYaml(written(application('bad', 'echo no such table; exit 3'))));
    const logs = await eventually(
      'the waiting pod to say why',
      () => {
        const said = cluster.tryKubectl(['-n', 'shops', 'logs', 'deployment/bad-web', '-c', 'wait-bad-migrate']).stdout;
        return /job bad-migrate-\w+ failed/.test(said) && said;
      },
      80_000,
    );
    assert.match(logs, /failed/);
    assert.equal(kubectl('get', 'deployment/bad-web', '-o', 'jsonpath={.status.readyReplicas}'), '');
  });
});
