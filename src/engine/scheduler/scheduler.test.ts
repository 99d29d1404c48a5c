import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createNode,
  eventually,
  type MemoryCluster,
  memoryCluster,
  nodeDraft,
  playNode,
} from '../../testing/memory-cluster.test.ts';
import type { Running } from '../client/index.ts';
import { kinds, type Pod, type PodSpec, type PriorityClass } from '../kinds/index.ts';
import { startScheduler } from './index.ts';

let cluster: MemoryCluster;
let scheduler: Running;

before(async () => {
  cluster = await memoryCluster();
  scheduler = startScheduler(cluster.context);
  playNode(cluster);
});

after(async () => {
  await scheduler.stop();
  await cluster.stop();
});

const namespace = 'default';
const get = (name: string) => cluster.client.get<Pod>(kinds.pods, namespace, name);
const create = (name: string, cpu: string, spec: Partial<PodSpec> = {}) =>
  cluster.client.create<Pod>(kinds.pods, {
    metadata: { name, namespace },
    spec: { containers: [{ name: 'a', image: 'web:1', resources: { requests: { cpu } } }], ...spec },
  });
const placed = (name: string) => eventually(`${name} placed`, async () => (await get(name)).spec.nodeName);
const verdict = (name: string) =>
  eventually(`${name} refused`, async () =>
    (await get(name)).status.conditions?.find((each) => each.type === 'PodScheduled' && each.status === 'False'),
  );

test('a pod waits without nodes, and is placed as soon as there is one', async () => {
  await create('first', '1');
  assert.equal((await verdict('first')).message, 'no nodes available to schedule pods');
  await createNode(cluster, nodeDraft('node-1'));
  assert.equal(await placed('first'), 'node-1');
  const event = await eventually('event', async () => {
    const { items } = await cluster.client.list(kinds.events, { namespace });
    return items.find((each) => each.reason === 'Scheduled' && each.involvedObject.name === 'first');
  });
  assert.equal(event.message, 'Successfully assigned default/first to node-1');
  assert.equal(event.source?.component, 'default-scheduler');
  const condition = (await get('first')).status.conditions?.find((each) => each.type === 'PodScheduled');
  assert.equal(condition?.status, 'True');
});

test('a pod that fits nowhere is told why, and placed when another goes', async () => {
  await create('second', '3');
  await placed('second');
  await create('third', '2');
  const refused = await verdict('third');
  assert.equal(refused.reason, 'Unschedulable');
  assert.equal(
    refused.message,
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  await cluster.client.delete(kinds.pods, namespace, 'second');
  assert.equal(await placed('third'), 'node-1');
});

test('gates hold a pod back until the last is lifted', async () => {
  await create('gated', '100m', { schedulingGates: [{ name: 'example.com/wait' }] });
  assert.equal((await verdict('gated')).reason, 'SchedulingGated');
  const body = { spec: { schedulingGates: [] } };
  await cluster.client.patch(kinds.pods, namespace, 'gated', { type: 'merge', body });
  assert.equal(await placed('gated'), 'node-1');
});

test('a more important pod drives a lesser one away', async () => {
  await cluster.client.create<PriorityClass>(kinds.priorityclasses, { metadata: { name: 'vip' }, value: 1000 });
  await create('important', '2500m', { priorityClassName: 'vip' });
  assert.equal(await placed('important'), 'node-1');
  const events = (await cluster.client.list(kinds.events, { namespace })).items;
  assert.ok(events.some((each) => each.reason === 'Preempted'));
});

test('pods of another scheduler are left alone', async () => {
  await create('foreign', '10m', { schedulerName: 'another' });
  await create('own', '10m');
  await placed('own');
  assert.equal((await get('foreign')).spec.nodeName, undefined);
});
