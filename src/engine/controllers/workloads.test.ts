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
import {
  type DaemonSet,
  type Job,
  type JobSpec,
  kinds,
  type Pod,
  type PodTemplateSpec,
  type StatefulSet,
} from '../kinds/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import { startControllers } from './index.ts';

let cluster: MemoryCluster;
let running: Running[] = [];

before(async () => {
  cluster = await memoryCluster();
  for (const name of ['node-1', 'node-2', 'node-3']) {
    const labels = name === 'node-3' ? { disk: 'ssd' } : {};
    await createNode(cluster, nodeDraft(name, {}, labels as Record<string, string>));
  }
  running = [startControllers(cluster.context), startScheduler(cluster.loopContext())];
  playNode(cluster, (pod) => {
    const image = pod.spec.containers[0]?.image;
    if (image === 'succeeds') return { phase: 'Succeeded', exitCode: 0 };
    const index = pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
    if (image === 'fails' || (image === 'fails-at-1' && index === '1')) return { phase: 'Failed', exitCode: 42 };
    if (image === 'fails-at-1') return { phase: 'Succeeded', exitCode: 0 };
    return undefined;
  });
});

after(async () => {
  for (const each of running) await each.stop();
  await cluster.stop();
});

const namespace = 'default';
const podsOf = async (app: string) =>
  [...(await cluster.client.list<Pod>(kinds.pods, { namespace, labelSelector: `app=${app}` })).items].sort((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : 1,
  );
const images = (pods: readonly Pod[]) => pods.map((pod) => pod.spec.containers[0]?.image);

const statefulSet = (name: string, spec: Partial<StatefulSet['spec']> = {}) =>
  cluster.client.create<StatefulSet>(kinds.statefulsets, {
    metadata: { name, namespace },
    spec: {
      serviceName: name,
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: podTemplate(name),
      ...spec,
    },
  });
const settled = (name: string, image: string, replicas = 3) =>
  eventually(`${name} at ${image}`, async () => {
    const set = await cluster.client.get<StatefulSet>(kinds.statefulsets, namespace, name);
    const pods = await podsOf(name);
    return set.status.readyReplicas === replicas &&
      set.status.currentRevision === set.status.updateRevision &&
      pods.length === replicas &&
      images(pods).every((each) => each === image)
      ? set
      : undefined;
  });
const setImage = (name: string, image: string) =>
  cluster.client.patch(kinds.statefulsets, namespace, name, {
    type: 'strategic',
    body: { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } },
  });

test('a stateful set starts its pods in order, with names, indexes and claims of their own', async () => {
  const order: string[] = [];
  let outOfOrder = false;
  const stop = cluster.informers.of(kinds.pods).onChange((now, earlier) => {
    if (now?.metadata.labels?.app !== 'db' || earlier !== undefined) return;
    const unready = cluster.informers
      .of(kinds.pods)
      .list(namespace)
      .filter((pod) => pod.metadata.labels?.app === 'db' && pod.metadata.uid !== now.metadata.uid)
      .some((pod) => !pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'));
    outOfOrder ||= unready;
    order.push(now.metadata.name);
  });
  await statefulSet('db', {
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' } as StatefulSet['metadata'],
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
        status: {},
      },
    ],
  });
  for (const index of [0, 1, 2]) {
    const name = `data-db-${index}`;
    await cluster.client.create(kinds.persistentvolumes, {
      metadata: { name: `disk-${index}` },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/disks/${index}` } },
    });
    await eventually(`${name} bound`, async () => {
      const claim = await cluster.client.get(kinds.persistentvolumeclaims, namespace, name);
      return claim.status.phase === 'Bound';
    });
  }
  await settled('db', 'web:1');
  stop();
  assert.deepEqual(order, ['db-0', 'db-1', 'db-2']);
  assert.equal(outOfOrder, false);
  const [first] = await podsOf('db');
  assert.equal(first?.metadata.labels?.['apps.kubernetes.io/pod-index'], '0');
  assert.equal(first?.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-0');
  assert.equal(first?.spec.hostname, 'db-0');
  assert.equal(first?.spec.subdomain, 'db');
  assert.equal(
    first?.spec.volumes?.find((each) => each.name === 'data')?.persistentVolumeClaim?.claimName,
    'data-db-0',
  );
});

test('a stateful set rolls from the highest ordinal, and stops at the partition', async () => {
  await statefulSet('roll');
  await settled('roll', 'web:1');
  const body = { spec: { updateStrategy: { rollingUpdate: { partition: 2 } } } };
  await cluster.client.patch(kinds.statefulsets, namespace, 'roll', { type: 'merge', body });
  await setImage('roll', 'web:2');
  await eventually('only roll-2 is new', async () => {
    const pods = await podsOf('roll');
    return pods.length === 3 && images(pods).join() === 'web:1,web:1,web:2' && pods[2]?.status.phase === 'Running';
  });
  const all = { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } };
  await cluster.client.patch(kinds.statefulsets, namespace, 'roll', { type: 'merge', body: all });
  await settled('roll', 'web:2');
});

test('a stateful set scales down from the top; Parallel starts all at once', async () => {
  await statefulSet('wide', { podManagementPolicy: 'Parallel', ordinals: { start: 5 } });
  await settled('wide', 'web:1');
  assert.deepEqual(
    (await podsOf('wide')).map((pod) => pod.metadata.name),
    ['wide-5', 'wide-6', 'wide-7'],
  );
  await cluster.client.patch(kinds.statefulsets, namespace, 'wide', { type: 'merge', body: { spec: { replicas: 1 } } });
  await eventually('one left', async () => {
    const pods = await podsOf('wide');
    return pods.length === 1 && pods[0]?.metadata.name === 'wide-5';
  });
});

test('a daemon set puts one pod on every node it may, follows new nodes, and rolls', async () => {
  const daemonSet = (name: string, template: PodTemplateSpec) =>
    cluster.client.create<DaemonSet>(kinds.daemonsets, {
      metadata: { name, namespace },
      spec: { selector: { matchLabels: { app: name } }, template },
    });
  const template = podTemplate('agent');
  await daemonSet('agent', template);
  await daemonSet('fast', {
    ...podTemplate('fast'),
    spec: { containers: [{ name: 'web', image: 'web:1' }], nodeSelector: { disk: 'ssd' } },
  });
  const ready = (name: string, count: number) =>
    eventually(`${count} of ${name}`, async () => {
      const set = await cluster.client.get<DaemonSet>(kinds.daemonsets, namespace, name);
      const { numberAvailable, desiredNumberScheduled, updatedNumberScheduled } = set.status;
      return numberAvailable === count && desiredNumberScheduled === count && updatedNumberScheduled === count;
    });
  await ready('agent', 3);
  await ready('fast', 1);
  const nodesOf = async (name: string) => (await podsOf(name)).map((pod) => pod.spec.nodeName).sort();
  assert.deepEqual(await nodesOf('agent'), ['node-1', 'node-2', 'node-3']);
  assert.deepEqual(await nodesOf('fast'), ['node-3']);
  await createNode(cluster, nodeDraft('node-4'));
  await ready('agent', 4);
  await cluster.client.patch(kinds.daemonsets, namespace, 'agent', {
    type: 'strategic',
    body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } },
  });
  await eventually('rolled', async () => {
    const pods = await podsOf('agent');
    return pods.length === 4 && images(pods).every((image) => image === 'web:2');
  });
  await ready('agent', 4);
});

const createJob = (name: string, image: string, spec: Partial<JobSpec> = {}) =>
  cluster.client.create<Job>(kinds.jobs, {
    metadata: { name, namespace },
    spec: {
      template: {
        metadata: { labels: { app: name } } as unknown as NonNullable<PodTemplateSpec['metadata']>,
        spec: { containers: [{ name: 'work', image }], restartPolicy: 'Never' },
      },
      ...spec,
    },
  });
const finished = (name: string, type: 'Complete' | 'Failed') =>
  eventually(`${name} ${type}`, async () => {
    const job = await cluster.client.get<Job>(kinds.jobs, namespace, name);
    const condition = job.status.conditions?.find((each) => each.type === type && each.status === 'True');
    return condition && { job, condition };
  });

test('a job runs to completion and counts each pod once', async () => {
  await createJob('three', 'succeeds', { completions: 3, parallelism: 2 });
  const { job, condition } = await finished('three', 'Complete');
  assert.equal(job.status.succeeded, 3);
  assert.equal(job.status.active ?? 0, 0);
  assert.equal(condition.reason, 'CompletionsReached');
  assert.ok(job.status.completionTime);
  assert.ok(job.status.conditions?.some((each) => each.type === 'SuccessCriteriaMet' && each.status === 'True'));
  const pods = await podsOf('three');
  assert.equal(pods.length, 3);
  for (const pod of pods) assert.equal((pod.metadata.finalizers ?? []).length, 0);
});

test('an indexed job gives each index to a pod', async () => {
  await createJob('indexed', 'succeeds', { completions: 4, parallelism: 4, completionMode: 'Indexed' });
  const { job } = await finished('indexed', 'Complete');
  assert.equal(job.status.completedIndexes, '0-3');
  const indexes = (await podsOf('indexed')).map(
    (pod) => pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'],
  );
  assert.deepEqual(indexes.sort(), ['0', '1', '2', '3']);
  const [pod] = await podsOf('indexed');
  assert.equal(pod?.spec.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
});

test('a job fails past its backoff limit, by its failure policy, and by failed indexes', async () => {
  await createJob('limit', 'fails', { backoffLimit: 0 });
  const limit = await finished('limit', 'Failed');
  assert.equal(limit.condition.reason, 'BackoffLimitExceeded');
  assert.equal(limit.condition.message, 'Job has reached the specified backoff limit');
  assert.equal(limit.job.status.failed, 1);

  const onExitCodes = { operator: 'In', values: [42] };
  await createJob('policy', 'fails', { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes }] } });
  const policy = await finished('policy', 'Failed');
  assert.equal(policy.condition.reason, 'PodFailurePolicy');
  assert.match(
    policy.condition.message ?? '',
    /^Container work for pod default\/policy-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
  );

  await createJob('indexes', 'fails-at-1', {
    completions: 3,
    parallelism: 3,
    completionMode: 'Indexed',
    backoffLimitPerIndex: 0,
  });
  const indexes = await finished('indexes', 'Failed');
  assert.equal(indexes.condition.reason, 'FailedIndexes');
  assert.equal(indexes.job.status.failedIndexes, '1');
  assert.equal(indexes.job.status.completedIndexes, '0,2');
});

test('a suspended job has no pods until it is resumed, and its end after the deadline', async () => {
  await createJob('held', 'runs', { suspend: true, activeDeadlineSeconds: 1 });
  await eventually('suspended', async () => {
    const job = await cluster.client.get<Job>(kinds.jobs, namespace, 'held');
    return job.status.conditions?.some((each) => each.type === 'Suspended' && each.status === 'True');
  });
  assert.equal((await podsOf('held')).length, 0);
  await cluster.client.patch(kinds.jobs, namespace, 'held', { type: 'merge', body: { spec: { suspend: false } } });
  await eventually('a pod', async () => (await podsOf('held')).length === 1);
  const { condition } = await finished('held', 'Failed');
  assert.equal(condition.reason, 'DeadlineExceeded');
  await eventually('its pod gone', async () => (await podsOf('held')).length === 0);
});

test('a job with a success policy ends early', async () => {
  await createJob('early', 'fails-at-1', {
    completions: 3,
    parallelism: 3,
    completionMode: 'Indexed',
    successPolicy: { rules: [{ succeededIndexes: '0,2' }] },
  });
  const { condition } = await finished('early', 'Complete');
  assert.equal(condition.reason, 'SuccessPolicy');
  assert.equal(condition.message, 'Matched rules at index 0');
});

test('a deleted job takes its pods along, whatever their finalizers', async () => {
  await createJob('gone', 'runs', { parallelism: 2 });
  await eventually('two pods', async () => (await podsOf('gone')).length === 2);
  await cluster.client.delete(kinds.jobs, namespace, 'gone', { propagationPolicy: 'Background' });
  await eventually('no pods', async () => (await podsOf('gone')).length === 0);
});
