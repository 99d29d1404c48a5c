import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds, StatusError } from '../kinds/index.ts';
import { Fixture, metadataOf, podOf, refusal } from './fixture.ts';
import type { Plain } from './object.ts';

const post = (at: Fixture, name: string, subresource: string, body: unknown) =>
  at.resources.create(at.target(kinds.pods, name, subresource), body, at.options());

test('a binding gives a pod its node once', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  const answer = await post(at, 'a', 'binding', { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } });
  equal(answer.kind, 'Status');
  const pod = at.get(kinds.pods, 'a');
  equal((pod.spec as Plain).nodeName, 'n1');
  const [condition] = (pod.status as { conditions: Plain[] }).conditions;
  deepEqual([condition?.type, condition?.status], ['PodScheduled', 'True']);
  await rejects(
    post(at, 'a', 'binding', { target: { kind: 'Node', name: 'n2' } }),
    refusal(409, 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"'),
  );
  await rejects(post(at, 'none', 'binding', { target: { name: 'n2' } }), refusal(404, 'pods "none" not found'));
});

async function runningPod(at: Fixture, name: string): Promise<void> {
  await at.create(kinds.pods, podOf(name, {}, { labels: { app: 'web' } }));
  await post(at, name, 'binding', { target: { kind: 'Node', name: 'n1' } });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await at.patch(kinds.pods, name, 'merge', { status }, { subresource: 'status' });
}

async function budget(at: Fixture, disruptionsAllowed: number): Promise<void> {
  const made = await at.create(kinds.poddisruptionbudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  const status = {
    observedGeneration: metadataOf(made).generation,
    disruptionsAllowed,
    currentHealthy: 1 + disruptionsAllowed,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  await at.patch(kinds.poddisruptionbudgets, 'b', 'merge', { status }, { subresource: 'status' });
}

const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });

test('an eviction takes from the budget and deletes the pod', async () => {
  const at = new Fixture();
  await runningPod(at, 'a');
  await budget(at, 1);
  await post(at, 'a', 'eviction', eviction('a'));
  equal(metadataOf(at.get(kinds.pods, 'a')).deletionGracePeriodSeconds, 30);
  const { status } = at.get(kinds.poddisruptionbudgets, 'b') as { status: Plain };
  equal(status.disruptionsAllowed, 0);
  deepEqual(status.disruptedPods, { a: '2026-01-02T03:04:05Z' });
});

test('an eviction that the budget forbids is refused with 429 and its cause', async () => {
  const at = new Fixture();
  await runningPod(at, 'a');
  await budget(at, 0);
  await rejects(post(at, 'a', 'eviction', eviction('a')), (error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
    equal(error.code, 429);
    equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    deepEqual(error.status.details?.causes, [
      { reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' },
    ]);
    return true;
  });
});

test('ephemeral containers are added and stay', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  const add = (containers: Plain[]) =>
    at.patch(
      kinds.pods,
      'a',
      'strategic',
      { spec: { ephemeralContainers: containers } },
      { subresource: 'ephemeralcontainers' },
    );
  const made = await add([{ name: 'debug', image: 'busybox' }]);
  equal(((made.spec as Plain).ephemeralContainers as Plain[]).length, 1);
  await rejects(
    add([{ name: 'web', image: 'busybox' }]),
    refusal(422, /spec\.ephemeralContainers\[0\]\.name: Duplicate value: "web"/),
  );
  await rejects(
    at.patch(kinds.pods, 'a', 'merge', { spec: { ephemeralContainers: null } }, { subresource: 'ephemeralcontainers' }),
    refusal(422, /may not be removed/),
  );
});

test('a resize changes cpu and memory alone', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  const patch = { spec: { containers: [{ name: 'web', image: 'other', resources: { requests: { cpu: '100m' } } }] } };
  const made = await at.patch(kinds.pods, 'a', 'strategic', patch, { subresource: 'resize' });
  const [container] = (made.spec as { containers: Plain[] }).containers;
  deepEqual([container?.image, container?.resources], ['nginx', { requests: { cpu: '100m' } }]);
});

const serviceOf = (name: string, spec: Plain = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { app: 'web' }, ...spec },
});

test('services get addresses and ports, and give them back', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.services, serviceOf('a', { type: 'NodePort' }));
  const spec = made.spec as { clusterIP: string; clusterIPs: string[]; ports: { nodePort: number }[] } & Plain;
  deepEqual(spec.clusterIPs, [spec.clusterIP]);
  deepEqual([spec.ipFamilies, spec.ipFamilyPolicy], [['IPv4'], 'SingleStack']);
  const port = spec.ports[0]?.nodePort;
  await rejects(
    at.create(kinds.services, serviceOf('b', { clusterIP: spec.clusterIP })),
    refusal(
      422,
      `Service "b" is invalid: spec.clusterIPs: Invalid value: ["${spec.clusterIP}"]: failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`,
    ),
  );
  await rejects(
    at.create(kinds.services, serviceOf('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })),
    refusal(
      422,
      `Service "b" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`,
    ),
  );
  await rejects(
    at.create(kinds.services, serviceOf('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 40000 }] })),
    refusal(422, /provided port is not in the valid range\. The range of valid ports is 30000-30010/),
  );
  await at.resources.delete(at.target(kinds.services, 'a'), at.options());
  const again = await at.create(
    kinds.services,
    serviceOf('b', { type: 'NodePort', clusterIP: spec.clusterIP, ports: [{ port: 80, nodePort: port }] }),
  );
  equal((again.spec as Plain).clusterIP, spec.clusterIP);
});

test('an update keeps what a service was given, a type without ports gives them back', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.services, serviceOf('a', { type: 'NodePort' }));
  const { clusterIP, ports } = made.spec as { clusterIP: string; ports: { nodePort: number }[] };
  const kept = await at.update(kinds.services, serviceOf('a', { type: 'NodePort' }));
  deepEqual((kept.spec as { ports: { nodePort: number }[] }).ports[0]?.nodePort, ports[0]?.nodePort);
  const plainType = await at.update(kinds.services, serviceOf('a', { type: 'ClusterIP' }));
  equal((plainType.spec as Plain).clusterIP, clusterIP);
  const other = serviceOf('b', { type: 'NodePort', ports: [{ port: 80, nodePort: ports[0]?.nodePort }] });
  equal(metadataOf(await at.create(kinds.services, other)).name, 'b');
});

test('headless and external services get no address', async () => {
  const at = new Fixture();
  const headless = await at.create(kinds.services, serviceOf('a', { clusterIP: 'None' }));
  deepEqual((headless.spec as Plain).clusterIPs, ['None']);
  const external = await at.create(kinds.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'e' },
    spec: { type: 'ExternalName', externalName: 'example.com' },
  });
  equal((external.spec as Plain).clusterIP, undefined);
  throws(() => at.get(kinds.services, 'none'), refusal(404, 'services "none" not found'));
});
