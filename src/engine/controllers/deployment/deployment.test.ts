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
} from '../../../testing/memory-cluster.test.ts';
import type { Running } from '../../client/index.ts';
import { type Deployment, kinds, type ReplicaSet } from '../../kinds/index.ts';
import { startScheduler } from '../../scheduler/index.ts';
import { startControllers } from '../index.ts';

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
const get = (name: string) => cluster.client.get<Deployment>(kinds.deployments, namespace, name);
const setsOf = async (name: string) =>
  (await cluster.client.list<ReplicaSet>(kinds.replicasets, { namespace, labelSelector: `app=${name}` })).items;
const podsOf = async (name: string) =>
  (await cluster.client.list(kinds.pods, { namespace, labelSelector: `app=${name}` })).items;
const complete = (name: string, image?: string) =>
  eventually(`${name} rolled out`, async () => {
    const deployment = await get(name);
    const { spec, status, metadata } = deployment;
    if (image !== undefined && spec.template.spec?.containers[0]?.image !== image) return undefined;
    return status.observedGeneration === metadata.generation &&
      status.updatedReplicas === spec.replicas &&
      status.replicas === spec.replicas &&
      status.availableReplicas === spec.replicas &&
      status.conditions?.some((each) => each.reason === 'NewReplicaSetAvailable')
      ? deployment
      : undefined;
  });
const create = (name: string, spec: Partial<Deployment['spec']> = {}) =>
  cluster.client.create<Deployment>(kinds.deployments, {
    metadata: { name, namespace },
    spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: podTemplate(name), ...spec },
  });
const setImage = (name: string, image: string) =>
  cluster.client.patch<Deployment>(kinds.deployments, namespace, name, {
    type: 'strategic',
    body: { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } },
  });

test('a deployment comes up, with revision, hash and conditions', async () => {
  await create('up');
  const deployment = await complete('up');
  assert.equal(deployment.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  const [set, ...others] = await setsOf('up');
  assert.equal(others.length, 0);
  const hash = set?.metadata.labels?.['pod-template-hash'];
  assert.match(hash ?? '', /^[bcdfghjklmnpqrstvwxz2456789]+$/);
  assert.equal(set?.metadata.name, `up-${hash}`);
  assert.equal(set?.spec.selector.matchLabels?.['pod-template-hash'], hash);
  const reasons = Object.fromEntries((deployment.status.conditions ?? []).map(({ type, reason }) => [type, reason]));
  assert.deepEqual(reasons, { Available: 'MinimumReplicasAvailable', Progressing: 'NewReplicaSetAvailable' });
  for (const pod of await podsOf('up')) {
    assert.equal(pod.metadata.ownerReferences?.[0]?.name, set?.metadata.name);
    assert.match(pod.metadata.name, new RegExp(`^up-${hash}-[a-z0-9]{5}$`));
  }
});

test('a rolling update keeps the surge and availability, and can be undone', async () => {
  await create('roll', { replicas: 4 });
  await complete('roll');
  const seen = { most: 0, least: 99 };
  const view = cluster.informers.of(kinds.deployments);
  const stop = view.onChange((now) => {
    if (now?.metadata.name !== 'roll' || now.status.replicas === undefined) return;
    seen.most = Math.max(seen.most, now.status.replicas);
    seen.least = Math.min(seen.least, now.status.availableReplicas ?? 0);
  });
  await setImage('roll', 'web:2');
  const rolled = await complete('roll', 'web:2');
  stop();
  // 25 % of 4, both ways.
  assert.ok(seen.most <= 5, `${seen.most} pods at once`);
  assert.ok(seen.least >= 3, `${seen.least} pods available`);
  assert.equal(rolled.metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
  assert.equal((await setsOf('roll')).length, 2);

  await setImage('roll', 'web:1');
  const back = await complete('roll', 'web:1');
  assert.equal(back.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  const sets = await setsOf('roll');
  assert.equal(sets.length, 2);
  const first = sets.find((set) => set.spec.replicas === 4);
  assert.equal(first?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
});

test('Recreate starts nothing new before the old is gone', async () => {
  await create('again', { strategy: { type: 'Recreate' } });
  await complete('again');
  let mixed = false;
  const stop = cluster.informers.of(kinds.pods).onChange(() => {
    const images = new Set(
      cluster.informers
        .of(kinds.pods)
        .list(namespace)
        .filter((pod) => pod.metadata.labels?.app === 'again')
        .map((pod) => pod.spec.containers[0]?.image),
    );
    mixed ||= images.size > 1;
  });
  await setImage('again', 'web:2');
  await complete('again', 'web:2');
  stop();
  assert.equal(mixed, false);
});

test('scaling down removes pods, and a paused deployment scales but does not roll', async () => {
  await create('scale');
  await complete('scale');
  await cluster.client.patch(kinds.deployments, namespace, 'scale', { type: 'merge', body: { spec: { replicas: 1 } } });
  await eventually('one pod', async () => (await podsOf('scale')).length === 1);
  await cluster.client.patch(kinds.deployments, namespace, 'scale', {
    type: 'merge',
    body: { spec: { paused: true } },
  });
  await setImage('scale', 'web:2');
  await cluster.client.patch(kinds.deployments, namespace, 'scale', { type: 'merge', body: { spec: { replicas: 2 } } });
  await eventually('two old pods', async () => (await podsOf('scale')).length === 2);
  assert.equal((await setsOf('scale')).length, 1);
  const paused = await eventually('paused', async () => {
    const { status } = await get('scale');
    return status.conditions?.find((each) => each.reason === 'DeploymentPaused');
  });
  assert.equal(paused.status, 'Unknown');
  await cluster.client.patch(kinds.deployments, namespace, 'scale', {
    type: 'merge',
    body: { spec: { paused: false } },
  });
  await complete('scale', 'web:2');
});

test('old replica sets past the history limit are deleted', async () => {
  await create('short', { revisionHistoryLimit: 1, replicas: 1 });
  await complete('short');
  for (const image of ['web:2', 'web:3', 'web:4']) {
    await setImage('short', image);
    await complete('short', image);
  }
  await eventually('two sets', async () => (await setsOf('short')).length === 2);
});

test('fifty replicas come up without a pod too many, and go with their deployment', async () => {
  await create('many', { replicas: 50 });
  await complete('many');
  assert.equal((await podsOf('many')).length, 50);
  await cluster.client.delete(kinds.deployments, namespace, 'many', { propagationPolicy: 'Background' });
  await eventually('all gone', async () => (await podsOf('many')).length === 0 && (await setsOf('many')).length === 0);
});

test('events tell of the scaling', async () => {
  const events = await eventually('events', async () => {
    const { items } = await cluster.client.list(kinds.events, { namespace });
    const about = items.filter((event) => event.involvedObject.name === 'up');
    return about.length > 0 ? about : undefined;
  });
  const scaled = events.find((event) => event.reason === 'ScalingReplicaSet');
  assert.match(scaled?.message ?? '', /^Scaled up replica set up-\w+ from 0 to 3$/);
  assert.equal(scaled?.source?.component, 'deployment-controller');
});
