import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../engine/kinds/index.ts';
import { cleaned, inOrder, isCompletedJob, isOwn } from './clean.ts';

const object = (kind: string, more: object = {}, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind, metadata: { name: 'shop', namespace: 'one', uid: 'u', ...metadata }, ...more }) as never;

test('what a server fills in is left out, and what somebody wrote stays', () => {
  const saved = cleaned(
    object(
      'ConfigMap',
      { data: { a: 'b' }, status: { x: 1 } },
      {
        resourceVersion: '7',
        creationTimestamp: '2026-01-01T00:00:00Z',
        managedFields: [{}],
        labels: { app: 'shop' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: 'yes' },
        finalizers: ['kubernetes.io/pvc-protection', 'example.com/mine'],
      },
    ),
  );
  assert.deepEqual(saved, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shop', labels: { app: 'shop' }, annotations: { mine: 'yes' }, finalizers: ['example.com/mine'] },
    data: { a: 'b' },
  });
});

test('addresses, ports and volumes of the one cluster do not go along; a headless Service stays headless', () => {
  const service = { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports: [{ port: 80, nodePort: 30_001 }] };
  assert.deepEqual(cleaned(object('Service', { spec: service })).spec, { ports: [{ port: 80 }] });
  const headless = { clusterIP: 'None', clusterIPs: ['None'] };
  assert.deepEqual(cleaned(object('Service', { spec: headless })).spec, headless);
  const claim = { volumeName: 'pvc-1', accessModes: ['ReadWriteOnce'] };
  assert.deepEqual(cleaned(object('PersistentVolumeClaim', { spec: claim })).spec, { accessModes: ['ReadWriteOnce'] });
});

test('a Job that ran to its end is suspended; one that runs is not; what others made of it goes', () => {
  const spec = {
    selector: { matchLabels: { 'controller-uid': 'u' } },
    template: { metadata: { labels: { 'batch.kubernetes.io/job-name': 'shop', app: 'shop' } } },
  };
  const done = { conditions: [{ type: 'Complete', status: 'True' }] };
  const finished = object('Job', { spec, status: done });
  assert.deepEqual(cleaned(finished).spec, { template: { metadata: { labels: { app: 'shop' } } }, suspend: true });
  assert.ok(isCompletedJob(finished));
  const failed = object('Job', { spec, status: { conditions: [{ type: 'Failed', status: 'True' }] } });
  assert.equal((cleaned(failed).spec as { suspend?: boolean }).suspend, true);
  assert.ok(!isCompletedJob(failed));
  assert.equal((cleaned(object('Job', { spec })).spec as { suspend?: boolean }).suspend, undefined);
  assert.ok('selector' in spec, 'what was given is not written to');
});

test('a workload that an interrupted backup left resting is saved with the replicas it had', () => {
  const resting = object('Deployment', { spec: { replicas: 0 } }, { annotations: { 'wherry/backup-replicas': '3' } });
  const saved = cleaned(resting);
  assert.deepEqual(saved.spec, { replicas: 3 });
  assert.equal(saved.metadata.annotations, undefined);
});

test('what a controller or the cluster made is made again by them', () => {
  assert.ok(isOwn(object('Pod')));
  assert.ok(!isOwn(object('Pod', {}, { ownerReferences: [{ controller: true }] })));
  assert.ok(!isOwn(object('ServiceAccount', {}, { name: 'default' })));
  assert.ok(!isOwn(object('ConfigMap', {}, { name: 'kube-root-ca.crt' })));
  assert.ok(!isOwn(object('Secret', { type: 'kubernetes.io/service-account-token' })));
  assert.ok(!isOwn(object('Pod', {}, { labels: { 'wherry/helper': 'backup' } })));
});

test('what others need comes first, custom resources before workloads', () => {
  const kinds = [
    'Ingress',
    'Deployment',
    'Database',
    'Secret',
    'StatefulSet',
    'PersistentVolumeClaim',
    'ServiceAccount',
  ];
  assert.deepEqual(
    inOrder(kinds.map((kind) => cleaned(object(kind)))).map(({ kind }) => kind),
    ['ServiceAccount', 'Secret', 'PersistentVolumeClaim', 'Database', 'StatefulSet', 'Deployment', 'Ingress'],
  );
});
