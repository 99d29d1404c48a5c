import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { createNode, eventually, memoryCluster, nodeDraft } from '../../testing/memory-cluster.test.ts';
import { kinds, type Lease, type Node } from '../kinds/index.ts';
import { startControllers } from './index.ts';

test('a node that is silent for 50 seconds is Unknown and tainted; one that renews its lease is not', async () => {
  const clock = new FakeClock();
  const cluster = await memoryCluster({ clock });
  const controllers = startControllers(cluster.context);
  await createNode(cluster, nodeDraft('silent'));
  await createNode(cluster, nodeDraft('alive'));
  await cluster.client.create(kinds.namespaces, { metadata: { name: 'kube-node-lease' } });
  const lease = { metadata: { name: 'alive', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'alive' } };
  await cluster.client.create<Lease>(kinds.leases, lease);
  const views = [kinds.nodes, kinds.leases].map((kind) =>
    cluster.informers.of<Node | Lease>(kind as typeof kinds.nodes),
  );
  await eventually('seen', () => views.every((view) => view.list().length > 0));
  const renew = async (second: number) => {
    const renewTime = `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
    await cluster.client.patch(kinds.leases, 'kube-node-lease', 'alive', {
      type: 'merge',
      body: { spec: { renewTime } },
    });
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let second = 0; second < 60; second += 10) {
    await renew(second);
    await clock.advance(10_000);
  }
  const silent = await eventually('tainted', async () => {
    const node = await cluster.client.get<Node>(kinds.nodes, undefined, 'silent');
    return (node.spec.taints ?? []).length === 2 ? node : undefined;
  });
  const ready = silent.status.conditions?.find((condition) => condition.type === 'Ready');
  assert.equal(ready?.status, 'Unknown');
  assert.equal(ready?.reason, 'NodeStatusUnknown');
  assert.deepEqual(
    silent.spec.taints?.map(({ key, effect }) => `${key}:${effect}`),
    ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
  );
  const alive = await cluster.client.get<Node>(kinds.nodes, undefined, 'alive');
  assert.equal(alive.status.conditions?.find((condition) => condition.type === 'Ready')?.status, 'True');
  await controllers.stop();
  await cluster.stop();
});
