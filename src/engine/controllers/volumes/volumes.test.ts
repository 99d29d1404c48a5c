import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import {
  kinds,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  StatusError,
  type StorageClass,
} from '../../kinds/index.ts';
import { startScheduler } from '../../scheduler/index.ts';
import { startControllers } from '../index.ts';

let cluster: MemoryCluster;
let running: Running[] = [];
const directory = await mkdtemp(join(tmpdir(), 'volumes-'));

before(async () => {
  cluster = await memoryCluster({ volumesDirectory: directory });
  await createNode(cluster, nodeDraft('node-1'));
  const provisioner = 'wherry.dev/directory';
  await cluster.client.create<StorageClass>(kinds.storageclasses, {
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  });
  await cluster.client.create<StorageClass>(kinds.storageclasses, {
    metadata: { name: 'at-once' },
    provisioner,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  });
  running = [startControllers(cluster.context), startScheduler(cluster.loopContext())];
  playNode(cluster);
});

after(async () => {
  for (const each of running) await each.stop();
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

const namespace = 'default';
const getClaim = (name: string) =>
  cluster.client.get<PersistentVolumeClaim>(kinds.persistentvolumeclaims, namespace, name);
const createClaim = (name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) =>
  cluster.client.create<PersistentVolumeClaim>(kinds.persistentvolumeclaims, {
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });
const bound = (name: string) =>
  eventually(`${name} bound`, async () => {
    const claim = await getClaim(name);
    return claim.status.phase === 'Bound' ? claim : undefined;
  });
const createPod = (name: string, claimName: string) =>
  cluster.client.create<Pod>(kinds.pods, {
    metadata: { name, namespace },
    spec: {
      containers: [{ name: 'a', image: 'web:1' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  });
const isGone = async (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => false,
    (error: unknown) => error instanceof StatusError && error.code === 404,
  );

test('a claim of an immediate class gets a directory at once, which goes with the claim', async () => {
  await createClaim('now', { storageClassName: 'at-once' });
  const claim = await bound('now');
  const name = `pvc-${claim.metadata.uid}`;
  assert.equal(claim.spec.volumeName, name);
  assert.deepEqual(claim.status.capacity, { storage: '1Gi' });
  const volume = await cluster.client.get<PersistentVolume>(kinds.persistentvolumes, undefined, name);
  assert.equal(volume.spec.hostPath?.path, join(directory, name));
  assert.equal(volume.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0], 'node-1');
  assert.equal((await stat(join(directory, name))).mode & 0o777, 0o777);
  await writeFile(join(directory, name, 'file'), 'content');
  const events = await eventually('events', async () => {
    const { items } = await cluster.client.list(kinds.events, { namespace });
    const reasons = items.filter((each) => each.involvedObject.name === 'now').map((each) => each.reason);
    return reasons.includes('ProvisioningSucceeded') ? reasons : undefined;
  });
  assert.ok(events.includes('ExternalProvisioning'));
  await cluster.client.delete(kinds.persistentvolumeclaims, namespace, 'now');
  await eventually('volume gone', () => isGone(cluster.client.get(kinds.persistentvolumes, undefined, name)));
  assert.ok(!(await readdir(directory)).includes(name));
});

test('a claim that waits for its first consumer is bound with the pod, and protected while it is used', async () => {
  await createClaim('later');
  await eventually('waits', async () => {
    const { items } = await cluster.client.list(kinds.events, { namespace });
    return items.some((each) => each.involvedObject.name === 'later' && each.reason === 'WaitForFirstConsumer');
  });
  assert.equal((await getClaim('later')).status.phase, 'Pending');
  await createPod('consumer', 'later');
  const claim = await bound('later');
  assert.equal(claim.spec.storageClassName, 'standard');
  assert.equal(claim.metadata.annotations?.['volume.kubernetes.io/selected-node'], 'node-1');
  await eventually('pod runs', async () => {
    const pod = await cluster.client.get<Pod>(kinds.pods, namespace, 'consumer');
    return pod.status.phase === 'Running';
  });
  await cluster.client.delete(kinds.persistentvolumeclaims, namespace, 'later');
  const held = await getClaim('later');
  assert.deepEqual(held.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  await cluster.client.delete(kinds.pods, namespace, 'consumer');
  await eventually('claim gone', () => isGone(getClaim('later')));
});

test('a claim takes the smallest volume that is large enough; a retained volume is Released afterwards', async () => {
  for (const [name, storage] of [
    ['small', '1Gi'],
    ['middle', '5Gi'],
    ['large', '50Gi'],
  ] as const) {
    await cluster.client.create<PersistentVolume>(kinds.persistentvolumes, {
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: `/disks/${name}` },
        storageClassName: 'manual',
      },
    });
  }
  await createClaim('fits', { storageClassName: 'manual', resources: { requests: { storage: '2Gi' } } });
  const claim = await bound('fits');
  assert.equal(claim.spec.volumeName, 'middle');
  assert.deepEqual(claim.status.capacity, { storage: '5Gi' });
  await cluster.client.delete(kinds.persistentvolumeclaims, namespace, 'fits');
  await eventually('released', async () => {
    const volume = await cluster.client.get<PersistentVolume>(kinds.persistentvolumes, undefined, 'middle');
    return volume.status.phase === 'Released';
  });
});

test('a claim that grows is given its new size', async () => {
  await createClaim('grows');
  await createPod('grower', 'grows');
  await bound('grows');
  const body = { spec: { resources: { requests: { storage: '3Gi' } } } };
  await cluster.client.patch(kinds.persistentvolumeclaims, namespace, 'grows', { type: 'merge', body });
  await eventually('grown', async () => (await getClaim('grows')).status.capacity?.storage === '3Gi');
});

test('a pod whose claim is missing says so, and is placed when it appears', async () => {
  await createPod('early', 'absent');
  const condition = await eventually('refused', async () => {
    const pod = await cluster.client.get<Pod>(kinds.pods, namespace, 'early');
    return pod.status.conditions?.find((each) => each.type === 'PodScheduled' && each.status === 'False');
  });
  assert.equal(
    condition.message,
    '0/1 nodes are available: persistentvolumeclaim "absent" not found. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  );
  await createClaim('absent');
  await eventually('runs', async () => {
    const pod = await cluster.client.get<Pod>(kinds.pods, namespace, 'early');
    return pod.status.phase === 'Running';
  });
});
