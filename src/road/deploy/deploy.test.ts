import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import type { Client } from '../../engine/client/index.ts';
import { localClient } from '../../engine/cluster/local-client.ts';
import { createCatalogue, type KubeObject, kinds, type Secret } from '../../engine/kinds/index.ts';
import { createResources, tombstone } from '../../engine/resources/index.ts';
import { memoryStore } from '../../engine/store/index.ts';
import { type Manifest, manifestsFor } from '../manifests/index.ts';
import { readProject } from '../project/index.ts';
import type { DeployStep } from './contract.ts';
import { deploy } from './deploy.ts';
import { existingSecrets } from './existing.ts';
import { kindOf } from './kinds-of.ts';

/** The real verbs over a store in memory. No controller runs: a test plays them, by writing status. */
function openCluster(): Client {
  const catalogue = createCatalogue();
  const resources = createResources({
    store: memoryStore({ tombstone }),
    catalogue,
    clock: systemClock,
    log: silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30_000, 32_767] },
  });
  const user = { name: 'system:wherry', groups: ['system:masters'] };
  return localClient({ resources, catalogue, user, fieldManager: 'test' });
}

const DONE: Record<string, object> = {
  StatefulSet: { replicas: 1, readyReplicas: 1, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
  Deployment: { replicas: 2, readyReplicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  Job: { succeeded: 1 },
};

async function setStatus(client: Client, object: Manifest, status: object): Promise<void> {
  const kind = kindOf(object);
  const live = await client.get(kind, object.metadata.namespace, object.metadata.name);
  const observed = object.kind === 'Job' ? {} : { observedGeneration: live.metadata.generation };
  await client.updateStatus(kind, { ...live, status: { ...observed, ...status } } as KubeObject);
}

const ended = (type: 'Complete' | 'Failed'): object => {
  const now = '2026-01-01T00:00:00Z';
  const earlier = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const condition = {
    status: 'True',
    reason: 'BackoffLimitExceeded',
    message: 'no more tries',
    lastTransitionTime: now,
  };
  return {
    ...(type === 'Complete' ? { succeeded: 1, completionTime: now } : { failed: 4 }),
    startTime: now,
    conditions: [earlier, type].map((each) => ({ ...condition, type: each })),
  };
};

async function objectsFor(client: Client): Promise<readonly Manifest[]> {
  const facts = await readProject(join(process.cwd(), 'examples/users'));
  const secrets = await existingSecrets(client, 'default', 'shop');
  return manifestsFor(facts, {
    name: 'shop',
    namespace: 'default',
    image: 'localhost/shop:1',
    host: 'shop.localhost',
    secrets,
  }).objects;
}

/** Deploys while playing the controllers: whatever is waited for gets the status that `play` gives. */
async function run(client: Client, objects: readonly Manifest[], play = (kind: string) => DONE[kind] ?? {}) {
  const steps: string[] = [];
  const played: Promise<void>[] = [];
  const onStep = (step: DeployStep): void => {
    if (step.type === 'waiting') return;
    steps.push(step.type === 'applied' ? `${step.change} ${step.object}` : `ready ${step.object}`);
    const object = objects.find(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}` === step.object);
    if (step.type === 'applied' && step.change !== 'unchanged' && object && DONE[object.kind]) {
      const status = object.kind === 'Job' && play('Job') === DONE.Job ? ended('Complete') : play(object.kind);
      played.push(setStatus(client, object, status));
    }
  };
  const options = { clock: systemClock, signal: new AbortController().signal, timeoutMs: 20_000, onStep };
  try {
    return { steps, ...(await deploy(client, objects, options)) };
  } finally {
    await Promise.all(played);
  }
}

test('the database is ready before its seed runs, and the seed has ended before the app is written', async () => {
  const client = openCluster();
  const objects = await objectsFor(client);
  const { steps, written } = await run(client, objects);
  const at = (text: string): number => {
    const index = steps.findIndex((step) => step.startsWith(text));
    assert.notEqual(index, -1, `${text} in ${steps.join(', ')}`);
    return index;
  };
  assert.ok(at('ready statefulset/shop-database') < at('created job/shop-seed'));
  assert.ok(at('ready job/shop-seed') < at('created deployment/shop'));
  assert.ok(at('created ingress/shop') < at('ready deployment/shop'));
  assert.equal(written, objects.length);
});

test('a second deploy writes nothing, keeps the passwords and does not seed again', async () => {
  const client = openCluster();
  const first = await objectsFor(client);
  await run(client, first);
  const secret = await client.get<Secret>(kinds.secrets, 'default', 'shop-database');
  const second = await objectsFor(client);
  assert.deepEqual(second, first);
  const { written, steps } = await run(client, second);
  assert.equal(written, 0);
  assert.ok(steps.some((step) => step.startsWith('unchanged job/shop-seed')));
  const after = await client.get<Secret>(kinds.secrets, 'default', 'shop-database');
  assert.equal(after.metadata.resourceVersion, secret.metadata.resourceVersion);
});

test('what somebody changed by hand is set right, and nothing else is written', async () => {
  const client = openCluster();
  const objects = await objectsFor(client);
  await run(client, objects);
  const scale = { type: 'merge', body: { spec: { replicas: 5 } } } as const;
  await client.patch(kinds.deployments, 'default', 'shop', scale, { fieldManager: 'somebody' });
  const { written, steps } = await run(client, objects);
  assert.equal(written, 1);
  assert.ok(steps.includes('changed deployment/shop'));
  assert.equal((await client.get(kinds.deployments, 'default', 'shop')).spec.replicas, 2);
});

test('a setting taken out of the app is taken out of the cluster', async () => {
  const client = openCluster();
  const config = (data: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shop', namespace: 'default' },
    data,
  });
  await run(client, [config({ A: '1', B: '2' })]);
  const { written } = await run(client, [config({ A: '1' })]);
  assert.equal(written, 1);
  assert.deepEqual((await client.get(kinds.configmaps, 'default', 'shop')).data, { A: '1' });
});

test('a Job that fails ends the deploy with its reason before the app is touched, and is run anew the next time', async () => {
  const client = openCluster();
  const objects = await objectsFor(client);
  const failing = (kind: string): object => (kind === 'Job' ? ended('Failed') : (DONE[kind] ?? {}));
  await assert.rejects(
    run(client, objects, failing),
    /^UserError: job\/shop-seed-\w+: BackoffLimitExceeded: no more tries/,
  );
  await assert.rejects(client.get(kinds.deployments, 'default', 'shop'), { name: 'StatusError' });
  const { steps } = await run(client, objects);
  assert.ok(steps.some((step) => step.startsWith('created job/shop-seed')));
  assert.ok(steps.includes('ready deployment/shop'));
});

test('a rollout that makes no progress ends the deploy with what the Deployment says', async () => {
  const client = openCluster();
  const objects = await objectsFor(client);
  const stuck = (kind: string): object =>
    kind === 'Deployment'
      ? {
          conditions: [
            {
              type: 'Progressing',
              status: 'False',
              reason: 'ProgressDeadlineExceeded',
              message: 'ReplicaSet "shop-1" has timed out progressing.',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        }
      : (DONE[kind] ?? {});
  await assert.rejects(
    run(client, objects, stuck),
    /deployment\/shop: ReplicaSet "shop-1" has timed out progressing\./,
  );
});

test('stopping ends a wait at once', async () => {
  const client = openCluster();
  const objects = await objectsFor(client);
  const stopping = new AbortController();
  const waiting = deploy(client, objects, {
    clock: systemClock,
    signal: stopping.signal,
    onStep(step) {
      if (step.type === 'waiting') stopping.abort();
    },
  });
  await assert.rejects(waiting, /statefulset\/shop-database: stopped while waiting/);
});
