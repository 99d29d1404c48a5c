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
  type ClusterRole,
  type CronJob,
  type Deployment,
  type Job,
  kinds,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplateSpec,
  type ResourceQuota,
  type Secret,
  type ServiceAccount,
  StatusError,
} from '../kinds/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import { startControllers } from './index.ts';
import { evictionTime } from './node-lifecycle.ts';

let cluster: MemoryCluster;
let running: Running[] = [];

before(async () => {
  cluster = await memoryCluster();
  await createNode(cluster, nodeDraft('node-1'));
  const settings = {
    ...cluster.context.settings,
    issueToken: async ({ name }: { name: string }) => `token of ${name}`,
  };
  running = [startControllers({ ...cluster.context, settings }), startScheduler(cluster.loopContext())];
  playNode(cluster, (pod) =>
    pod.spec.containers[0]?.image === 'succeeds' ? { phase: 'Succeeded', exitCode: 0 } : undefined,
  );
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
const jobTemplate = {
  spec: {
    template: {
      metadata: {} as NonNullable<PodTemplateSpec['metadata']>,
      spec: { containers: [{ name: 'work', image: 'succeeds' }], restartPolicy: 'Never' },
    },
  },
};

test('a cron job makes jobs by the clock and remembers the last', async () => {
  await cluster.client.create<CronJob>(kinds.cronjobs, {
    metadata: { name: 'tick', namespace },
    spec: { schedule: '@every 1s', jobTemplate },
  });
  const jobs = await eventually('a finished job', async () => {
    const { items } = await cluster.client.list<Job>(kinds.jobs, { namespace });
    const own = items.filter((job) => job.metadata.ownerReferences?.[0]?.name === 'tick');
    return own.some((job) => job.status.completionTime) ? own : undefined;
  });
  assert.match(jobs[0]?.metadata.name ?? '', /^tick-\d+$/);
  assert.match(jobs[0]?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '', /^20.*Z$/);
  await eventually('remembered', async () => {
    const { status } = await cluster.client.get<CronJob>(kinds.cronjobs, namespace, 'tick');
    return status.lastScheduleTime && status.lastSuccessfulTime;
  });
  await cluster.client.delete(kinds.cronjobs, namespace, 'tick', { propagationPolicy: 'Background' });
});

test('a finished job with a time to live goes with its pods', async () => {
  await cluster.client.create<Job>(kinds.jobs, {
    metadata: { name: 'brief', namespace },
    spec: { ...jobTemplate.spec, ttlSecondsAfterFinished: 0 },
  });
  await eventually('gone', () => isGone(cluster.client.get(kinds.jobs, namespace, 'brief')));
});

test("a disruption budget counts what its pods' controllers ask for", async () => {
  await cluster.client.create<PodDisruptionBudget>(kinds.poddisruptionbudgets, {
    metadata: { name: 'web', namespace },
    spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
  });
  await cluster.client.create<Deployment>(kinds.deployments, {
    metadata: { name: 'web', namespace },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: podTemplate('web') },
  });
  const budget = await eventually('counted', async () => {
    const found = await cluster.client.get<PodDisruptionBudget>(kinds.poddisruptionbudgets, namespace, 'web');
    return found.status.currentHealthy === 3 ? found : undefined;
  });
  assert.equal(budget.status.expectedPods, 3);
  assert.equal(budget.status.desiredHealthy, 2);
  assert.equal(budget.status.disruptionsAllowed, 1);
  assert.equal(budget.status.conditions?.[0]?.reason, 'SufficientPods');
});

test('a quota shows what is used, and less when something goes', async () => {
  await cluster.client.create(kinds.namespaces, { metadata: { name: 'small' } });
  await cluster.client.create<ResourceQuota>(kinds.resourcequotas, {
    metadata: { name: 'all', namespace: 'small' },
    spec: { hard: { secrets: '5', 'count/deployments.apps': '2', 'requests.cpu': '2' } },
  });
  const used = (name: string, value: string) =>
    eventually(`${name} ${value}`, async () => {
      const quota = await cluster.client.get<ResourceQuota>(kinds.resourcequotas, 'small', 'all');
      return quota.status.used?.[name] === value;
    });
  await used('secrets', '0');
  await cluster.client.create<Secret>(kinds.secrets, { metadata: { name: 's', namespace: 'small' } });
  await used('secrets', '1');
  await cluster.client.delete(kinds.secrets, 'small', 's');
  await used('secrets', '0');
});

test('a token secret is filled, and goes with its service account', async () => {
  await cluster.client.create<ServiceAccount>(kinds.serviceaccounts, { metadata: { name: 'robot', namespace } });
  await cluster.client.create<Secret>(kinds.secrets, {
    metadata: { name: 'robot-token', namespace, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
    type: 'kubernetes.io/service-account-token',
  });
  const secret = await eventually('filled', async () => {
    const found = await cluster.client.get<Secret>(kinds.secrets, namespace, 'robot-token');
    return found.data?.token ? found : undefined;
  });
  const text = (name: string) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString();
  assert.equal(text('token'), 'token of robot');
  assert.equal(text('namespace'), namespace);
  assert.match(text('ca.crt'), /BEGIN CERTIFICATE/);
  await cluster.client.delete(kinds.serviceaccounts, namespace, 'robot');
  await eventually('gone', () => isGone(cluster.client.get(kinds.secrets, namespace, 'robot-token')));
});

test('an aggregated role gathers the rules of the roles it selects', async () => {
  await cluster.client.create<ClusterRole>(kinds.clusterroles, {
    metadata: { name: 'sum' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'sum' } }] },
  });
  const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
  await cluster.client.create<ClusterRole>(kinds.clusterroles, {
    metadata: { name: 'part', labels: { part: 'sum' } },
    rules: [rule],
  });
  await eventually('gathered', async () => {
    const role = await cluster.client.get<ClusterRole>(kinds.clusterroles, undefined, 'sum');
    return role.rules?.length === 1 && role.rules[0]?.resources?.[0] === 'pods';
  });
});

test('a cordoned node is tainted, and a NoExecute taint evicts whoever does not tolerate it', async () => {
  await createNode(cluster, nodeDraft('node-2', {}, { only: 'here' }));
  const create = (name: string, tolerations: Pod['spec']['tolerations'] = []) =>
    cluster.client.create<Pod>(kinds.pods, {
      metadata: { name, namespace },
      spec: { containers: [{ name: 'a', image: 'web:1' }], nodeSelector: { only: 'here' }, tolerations },
    });
  await create('leaves');
  await create('stays', [{ key: 'example.com/broken', operator: 'Exists' }]);
  for (const name of ['leaves', 'stays']) {
    await eventually(`${name} runs`, async () => {
      const pod = await cluster.client.get<Pod>(kinds.pods, namespace, name);
      return pod.status.phase === 'Running';
    });
  }
  const body = { spec: { unschedulable: true, taints: [{ key: 'example.com/broken', effect: 'NoExecute' }] } };
  await cluster.client.patch(kinds.nodes, undefined, 'node-2', { type: 'merge', body });
  await eventually('evicted', () => isGone(cluster.client.get(kinds.pods, namespace, 'leaves')));
  await cluster.client.get(kinds.pods, namespace, 'stays');
  const node = await eventually('tainted', async () => {
    const found = await cluster.client.get(kinds.nodes, undefined, 'node-2');
    return found.spec.taints?.some((each) => each.key === 'node.kubernetes.io/unschedulable') ? found : undefined;
  });
  assert.ok(node.spec.taints?.some((each) => each.key === 'example.com/broken'));
});

test('tolerationSeconds put an eviction off', () => {
  const taint = { key: 'k', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };
  const nowMs = Date.parse('2026-01-01T00:01:00Z');
  const pod = (tolerations: Pod['spec']['tolerations']): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { containers: [], ...(tolerations ? { tolerations } : {}) },
    status: {},
  });
  assert.equal(evictionTime(pod([]), [taint], nowMs), nowMs);
  assert.equal(evictionTime(pod([{ key: 'k', operator: 'Exists' }]), [taint], nowMs), undefined);
  const limited = pod([{ key: 'k', operator: 'Exists', tolerationSeconds: 300 }]);
  assert.equal(evictionTime(limited, [taint], nowMs), Date.parse('2026-01-01T00:05:00Z'));
});
