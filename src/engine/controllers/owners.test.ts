import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createNode,
  eventually,
  type MemoryCluster,
  memoryCluster,
  nodeDraft,
  playNode,
  podTemplate,
} from '../../testing/memory-cluster.test.ts';
import type { Running } from '../client/index.ts';
import { type ConfigMap, kinds, type Namespace, type Pod, type ReplicaSet, StatusError } from '../kinds/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import { startControllers } from './index.ts';

let cluster: MemoryCluster;
let running: Running[] = [];

before(async () => {
  cluster = await memoryCluster();
  await createNode(cluster, nodeDraft('node-1'));
  running = [startControllers(cluster.context), startScheduler(cluster.loopContext())];
  playNode(cluster);
});

after(async () => {
  for (const each of running) await each.stop();
  await cluster.stop();
});

const namespace = 'default';
const isGone = async (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => false,
    (error: unknown) => error instanceof StatusError && error.code === 404,
  );
const podsOf = async (app: string) =>
  (await cluster.client.list<Pod>(kinds.pods, { namespace, labelSelector: `app=${app}` })).items;
const createSet = (name: string, replicas = 2) =>
  cluster.client.create<ReplicaSet>(kinds.replicasets, {
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate(name) },
  });
const ready = (name: string, replicas = 2) =>
  eventually(`${name} ready`, async () => {
    const set = await cluster.client.get<ReplicaSet>(kinds.replicasets, namespace, name);
    return set.status.readyReplicas === replicas ? set : undefined;
  });

test('every namespace gets its default service account and the root certificate', async () => {
  await cluster.client.create<Namespace>(kinds.namespaces, { metadata: { name: 'fresh' } });
  await eventually('account', () => cluster.client.get(kinds.serviceaccounts, 'fresh', 'default'));
  const map = await eventually('certificate', () =>
    cluster.client.get<ConfigMap>(kinds.configmaps, 'fresh', 'kube-root-ca.crt'),
  );
  assert.match(map.data?.['ca.crt'] ?? '', /BEGIN CERTIFICATE/);
  await cluster.client.delete(kinds.configmaps, 'fresh', 'kube-root-ca.crt');
  await eventually('certificate again', () => cluster.client.get(kinds.configmaps, 'fresh', 'kube-root-ca.crt'));
});

test('a replica set adopts a matching orphan and lets go a pod whose label changes', async () => {
  const template = podTemplate('adopt');
  await cluster.client.create<Pod>(kinds.pods, {
    metadata: { name: 'stray', namespace, labels: { app: 'adopt' } },
    spec: template.spec ?? { containers: [] },
  });
  const set = await createSet('adopt', 1);
  await eventually('adopted', async () => {
    const pod = await cluster.client.get<Pod>(kinds.pods, namespace, 'stray');
    return pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid;
  });
  assert.equal((await podsOf('adopt')).length, 1);
  const body = { metadata: { labels: { app: 'else' } } };
  await cluster.client.patch(kinds.pods, namespace, 'stray', { type: 'merge', body });
  await eventually('released', async () => {
    const pod = await cluster.client.get<Pod>(kinds.pods, namespace, 'stray');
    return (pod.metadata.ownerReferences ?? []).length === 0;
  });
  await eventually('replaced', async () => (await podsOf('adopt')).length === 1);
});

test('dependents go after their owner in the background', async () => {
  await createSet('background');
  await ready('background');
  await cluster.client.delete(kinds.replicasets, namespace, 'background', { propagationPolicy: 'Background' });
  await eventually('pods gone', async () => (await podsOf('background')).length === 0);
});

test('in the foreground the owner goes last', async () => {
  await createSet('foreground');
  await ready('foreground');
  let podsAtTheEnd = -1;
  const stop = cluster.informers.of(kinds.replicasets).onChange((now, before) => {
    if (now === undefined && before?.metadata.name === 'foreground') {
      podsAtTheEnd = cluster.informers
        .of(kinds.pods)
        .list(namespace)
        .filter((pod) => pod.metadata.labels?.app === 'foreground').length;
    }
  });
  await cluster.client.delete(kinds.replicasets, namespace, 'foreground', { propagationPolicy: 'Foreground' });
  await eventually('owner gone', () => isGone(cluster.client.get(kinds.replicasets, namespace, 'foreground')));
  await eventually('told', () => podsAtTheEnd >= 0);
  stop();
  assert.equal(podsAtTheEnd, 0);
});

test('orphaned dependents stay, without their owner', async () => {
  await createSet('orphan');
  await ready('orphan');
  await cluster.client.delete(kinds.replicasets, namespace, 'orphan', { propagationPolicy: 'Orphan' });
  await eventually('owner gone', () => isGone(cluster.client.get(kinds.replicasets, namespace, 'orphan')));
  const pods = await podsOf('orphan');
  assert.equal(pods.length, 2);
  for (const pod of pods) assert.equal((pod.metadata.ownerReferences ?? []).length, 0);
});

test('an object whose owner never was is deleted; one with another owner left only loses the reference', async () => {
  const real = await cluster.client.create<ConfigMap>(kinds.configmaps, { metadata: { name: 'owner', namespace } });
  const reference = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid });
  const absent = reference('nobody', '00000000-0000-0000-0000-000000000000');
  await cluster.client.create<ConfigMap>(kinds.configmaps, {
    metadata: { name: 'lost', namespace, ownerReferences: [absent] },
  });
  await cluster.client.create<ConfigMap>(kinds.configmaps, {
    metadata: { name: 'kept', namespace, ownerReferences: [absent, reference('owner', real.metadata.uid)] },
  });
  await eventually('lost is gone', () => isGone(cluster.client.get(kinds.configmaps, namespace, 'lost')));
  const kept = await eventually('kept has one owner', async () => {
    const map = await cluster.client.get<ConfigMap>(kinds.configmaps, namespace, 'kept');
    return map.metadata.ownerReferences?.length === 1 ? map : undefined;
  });
  assert.equal(kept.metadata.ownerReferences?.[0]?.name, 'owner');
});

test('two objects that own each other in the foreground do not wait for ever', async () => {
  const make = (name: string) => cluster.client.create<ConfigMap>(kinds.configmaps, { metadata: { name, namespace } });
  const [a, b] = [await make('circle-a'), await make('circle-b')];
  const own = (name: string, owner: ConfigMap) =>
    cluster.client.patch(kinds.configmaps, namespace, name, {
      type: 'merge',
      body: {
        metadata: {
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: owner.metadata.name,
              uid: owner.metadata.uid,
              blockOwnerDeletion: true,
            },
          ],
        },
      },
    });
  await own('circle-a', b);
  await own('circle-b', a);
  await cluster.client.delete(kinds.configmaps, namespace, 'circle-a', { propagationPolicy: 'Foreground' });
  await eventually('both gone', async () => {
    const gone = await Promise.all(
      ['circle-a', 'circle-b'].map((name) => isGone(cluster.client.get(kinds.configmaps, namespace, name))),
    );
    return gone.every(Boolean);
  });
});

test('a deleted namespace is emptied, waits for finalizers, and goes', async () => {
  const name = 'doomed';
  await cluster.client.create<Namespace>(kinds.namespaces, { metadata: { name } });
  await cluster.client.create<ReplicaSet>(kinds.replicasets, {
    metadata: { name: 'web', namespace: name },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: podTemplate('web') },
  });
  await cluster.client.create<ConfigMap>(kinds.configmaps, {
    metadata: { name: 'held', namespace: name, finalizers: ['example.com/hold'] },
  });
  await eventually('pods', async () => (await cluster.client.list(kinds.pods, { namespace: name })).items.length === 3);
  await cluster.client.delete(kinds.namespaces, undefined, name);
  const waiting = await eventually('waits', async () => {
    const { status } = await cluster.client.get<Namespace>(kinds.namespaces, undefined, name);
    const held = status.conditions?.find((each) => each.type === 'NamespaceFinalizersRemaining');
    return held?.status === 'True' ? { held, status } : undefined;
  });
  assert.equal(waiting.status.phase, 'Terminating');
  assert.equal(waiting.held.reason, 'SomeFinalizersRemain');
  assert.equal(
    waiting.held.message,
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  );
  assert.equal((await cluster.client.list(kinds.pods, { namespace: name })).items.length, 0);
  const body = { metadata: { finalizers: null } };
  await cluster.client.patch(kinds.configmaps, name, 'held', { type: 'merge', body });
  await eventually('gone', () => isGone(cluster.client.get(kinds.namespaces, undefined, name)));
});
