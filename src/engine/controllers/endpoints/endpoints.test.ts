import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createNode,
  eventually,
  type MemoryCluster,
  memoryCluster,
  nodeDraft,
  playNode,
} from '../../../testing/memory-cluster.test.ts';
import type { Running } from '../../client/index.ts';
import { type EndpointSlice, type Endpoints, kinds, type Pod, type Service } from '../../kinds/index.ts';
import { startScheduler } from '../../scheduler/index.ts';
import { startControllers } from '../index.ts';
import { planSlices } from './slice-plan.ts';

let cluster: MemoryCluster;
let running: Running[] = [];

before(async () => {
  cluster = await memoryCluster();
  await createNode(cluster, nodeDraft('node-1', {}, { 'topology.kubernetes.io/zone': 'z1' }));
  running = [startControllers(cluster.context), startScheduler(cluster.loopContext())];
  playNode(cluster);
});

after(async () => {
  for (const each of running) await each.stop();
  await cluster.stop();
});

const namespace = 'default';
const slicesOf = async (service: string) =>
  (
    await cluster.client.list<EndpointSlice>(kinds.endpointslices, {
      namespace,
      labelSelector: `kubernetes.io/service-name=${service}`,
    })
  ).items;
const createPod = (name: string, app: string, port?: { name: string; containerPort: number }) =>
  cluster.client.create<Pod>(kinds.pods, {
    metadata: { name, namespace, labels: { app } },
    spec: { containers: [{ name: 'web', image: 'web:1', ...(port ? { ports: [port] } : {}) }] },
  });

test('a service without pods has one empty slice and empty Endpoints; pods fill them', async () => {
  await cluster.client.create<Service>(kinds.services, {
    metadata: { name: 'web', namespace, labels: { team: 'a' } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
  });
  const [empty] = await eventually('empty slice', async () => {
    const slices = await slicesOf('web');
    return slices.length === 1 ? slices : undefined;
  });
  assert.equal(empty?.endpoints?.length ?? 0, 0);
  assert.equal(empty?.metadata.labels?.['endpointslice.kubernetes.io/managed-by'], 'endpointslice-controller.k8s.io');
  assert.equal(empty?.metadata.labels?.team, 'a');
  const pod = await createPod('web-1', 'web', { name: 'http', containerPort: 8080 });
  const slice = await eventually('an endpoint', async () =>
    (await slicesOf('web')).find((each) => each.endpoints?.[0]?.conditions?.ready),
  );
  const [endpoint] = slice.endpoints ?? [];
  assert.deepEqual(endpoint?.conditions, { ready: true, serving: true, terminating: false });
  assert.equal(endpoint?.nodeName, 'node-1');
  assert.equal(endpoint?.zone, 'z1');
  assert.deepEqual(endpoint?.targetRef, { kind: 'Pod', namespace, name: 'web-1', uid: pod.metadata.uid });
  assert.deepEqual(slice.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  const endpoints = await eventually('Endpoints', async () => {
    const found = await cluster.client.get<Endpoints>(kinds.endpoints, namespace, 'web');
    return found.subsets?.[0]?.addresses ? found : undefined;
  });
  assert.equal(endpoints.subsets?.[0]?.addresses?.[0]?.targetRef?.name, 'web-1');
  assert.deepEqual(endpoints.subsets?.[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  assert.equal((await slicesOf('web')).length, 1);
  await cluster.client.delete(kinds.pods, namespace, 'web-1');
  await eventually('empty again', async () => {
    const slices = await slicesOf('web');
    return slices.length === 1 && (slices[0]?.endpoints ?? []).length === 0;
  });
});

test('more than a hundred endpoints take several slices', async () => {
  const pods = Array.from({ length: 105 }, (_, index) => createPod(`big-${index}`, 'big'));
  await Promise.all(pods);
  await cluster.client.create<Service>(kinds.services, {
    metadata: { name: 'big', namespace },
    spec: { selector: { app: 'big' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
  });
  const slices = await eventually('105 endpoints', async () => {
    const found = await slicesOf('big');
    const endpoints = found.flatMap((slice) => slice.endpoints ?? []);
    return endpoints.filter((each) => each.conditions?.ready).length === 105 ? found : undefined;
  });
  for (const slice of slices) assert.ok((slice.endpoints ?? []).length <= 100);
  const names = new Set(slices.flatMap((slice) => slice.endpoints ?? []).map((each) => each.targetRef?.name));
  assert.equal(names.size, 105);
});

test('Endpoints written by hand are mirrored, and the slices go with them', async () => {
  await cluster.client.create<Service>(kinds.services, {
    metadata: { name: 'outside', namespace },
    spec: { ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }] },
  });
  await cluster.client.create<Endpoints>(kinds.endpoints, {
    metadata: { name: 'outside', namespace },
    subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432, protocol: 'TCP' }] }],
  });
  const [slice] = await eventually('mirrored', async () => {
    const found = await slicesOf('outside');
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(slice?.endpoints?.[0]?.addresses, ['192.0.2.7']);
  assert.equal(
    slice?.metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
    'endpointslicemirroring-controller.k8s.io',
  );
  await cluster.client.delete(kinds.endpoints, namespace, 'outside');
  await eventually('slices gone', async () => (await slicesOf('outside')).length === 0);
});

test('endpoints stay in their slice and new ones fill it', () => {
  const endpoint = (name: string) => ({ addresses: [name], conditions: { ready: true } });
  const slice = (name: string, endpoints: ReturnType<typeof endpoint>[]): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '' },
    addressType: 'IPv4',
    ports: [],
    endpoints,
  });
  const existing = [slice('one', [endpoint('a'), endpoint('b')])];
  const plan = planSlices(
    existing,
    [{ addressType: 'IPv4', ports: [], endpoints: ['a', 'b', 'c'].map(endpoint) }],
    () => true,
  );
  assert.deepEqual([plan.create, plan.remove], [[], []]);
  assert.deepEqual(
    plan.update[0]?.content.endpoints.map((each) => each.addresses[0]),
    ['a', 'b', 'c'],
  );
  const same = planSlices(
    existing,
    [{ addressType: 'IPv4', ports: [], endpoints: ['b', 'a'].map(endpoint) }],
    () => true,
  );
  assert.deepEqual(same, { create: [], update: [], remove: [] });
});
