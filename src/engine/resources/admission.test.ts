import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds, StatusError } from '../kinds/index.ts';
import { defaultAdmissions } from './admission/index.ts';
import { configMap, Fixture, metadataOf, podOf, refusal, standingClock } from './fixture.ts';
import type { Plain } from './object.ts';

const namespace = (name: string, labels: Plain = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

async function cluster(labels: Plain = {}): Promise<Fixture> {
  const at = new Fixture(defaultAdmissions({ clock: standingClock() }));
  await at.create(kinds.namespaces, namespace('default', labels));
  await at.create(kinds.serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  return at;
}

const specOf = (object: Plain) => object.spec as Plain;

test('nothing is made in a namespace that is absent', async () => {
  const at = await cluster();
  for (const object of [configMap('a', {}, { namespace: 'none' }), podOf('a', {}, { namespace: 'none' })]) {
    const kind = object.kind === 'Pod' ? kinds.pods : kinds.configmaps;
    await rejects(at.create(kind, object), refusal(404, 'namespaces "none" not found'));
  }
});

test('nothing is made in a namespace that goes, and the kept ones stay', async () => {
  const at = await cluster();
  await at.create(kinds.namespaces, namespace('n'));
  await at.resources.delete(at.target(kinds.namespaces, 'n'), at.options());
  await rejects(at.create(kinds.configmaps, configMap('a', {}, { namespace: 'n' })), (error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
    equal(error.status.details?.causes?.[0]?.reason, 'NamespaceTerminating');
    return refusal(
      403,
      'configmaps "a" is forbidden: unable to create new content in namespace n because it is being terminated',
    )(error);
  });
  await rejects(
    at.resources.delete(at.target(kinds.namespaces, 'default'), at.options()),
    refusal(403, 'namespaces "default" is forbidden: this namespace may not be deleted'),
  );
});

test('a pod runs as a service account and finds its token', async () => {
  const at = await cluster();
  const made = specOf(await at.create(kinds.pods, podOf('a')));
  equal(made.serviceAccountName, 'default');
  const [volume] = made.volumes as { name: string; projected: { sources: Plain[] } }[];
  match(volume?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/);
  deepEqual(volume?.projected.sources[0], { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } });
  const [container] = made.containers as { volumeMounts: Plain[] }[];
  deepEqual(container?.volumeMounts, [
    { name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  ]);
  const without = await at.create(kinds.pods, podOf('b', { automountServiceAccountToken: false }));
  equal(specOf(without).volumes, undefined);
  await rejects(
    at.create(kinds.pods, podOf('c', { serviceAccountName: 'nobody' })),
    refusal(
      403,
      'pods "c" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    ),
  );
});

test('what admission adds is owned by no one', async () => {
  const at = await cluster();
  const made = await at.create(kinds.pods, podOf('a'));
  const [entry] = metadataOf(made).managedFields as { fieldsV1: Record<string, Plain> }[];
  deepEqual(
    Object.keys(entry?.fieldsV1['f:spec'] ?? {}).filter((key) => /volumes|tolerations|priority|Account/i.test(key)),
    [],
  );
});

test('pods tolerate a node that is away for five minutes', async () => {
  const at = await cluster();
  const made = await at.create(kinds.pods, podOf('a'));
  deepEqual(
    (specOf(made).tolerations as Plain[]).map((one) => [one.key, one.tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  );
});

test('a priority class gives its number', async () => {
  const at = await cluster();
  await at.create(kinds.priorityclasses, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 1000,
  });
  equal(specOf(await at.create(kinds.pods, podOf('a', { priorityClassName: 'high' }))).priority, 1000);
  equal(specOf(await at.create(kinds.pods, podOf('b'))).priority, 0);
  await rejects(
    at.create(kinds.pods, podOf('c', { priorityClassName: 'none' })),
    refusal(403, 'pods "c" is forbidden: no PriorityClass with name none was found'),
  );
});

const withResources = (name: string, cpu: string) =>
  podOf(name, { containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu } } }] });

test('a limit range fills in and refuses', async () => {
  const at = await cluster();
  await at.create(kinds.limitranges, {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: {
      limits: [{ type: 'Container', defaultRequest: { cpu: '100m' }, default: { cpu: '200m' }, max: { cpu: '1' } }],
    },
  });
  const made = await at.create(kinds.pods, podOf('a'));
  const [container] = specOf(made).containers as Plain[];
  deepEqual(container?.resources, { limits: { cpu: '200m' }, requests: { cpu: '100m' } });
  equal((made.status as Plain).qosClass, 'Burstable');
  const big = { requests: { cpu: '2' }, limits: { cpu: '2' } };
  await rejects(
    at.create(kinds.pods, podOf('b', { containers: [{ name: 'web', image: 'nginx', resources: big }] })),
    refusal(403, 'pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2'),
  );
});

test('a quota lets in as many as it says, also when they come at once', async () => {
  const at = await cluster();
  await at.create(kinds.resourcequotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q' },
    spec: { hard: { pods: '2', 'requests.cpu': '1' } },
  });
  await rejects(
    at.create(kinds.pods, podOf('a')),
    refusal(403, 'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: web'),
  );
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, (_, index) => at.create(kinds.pods, withResources(`p${index}`, '100m'))),
  );
  equal(results.filter((one) => one.status === 'fulfilled').length, 2);
  await rejects(
    at.create(kinds.pods, withResources('late', '100m')),
    refusal(403, 'pods "late" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'),
  );
});

test('pod security refuses and warns as the namespace asks', async () => {
  const at = await cluster({
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/warn': 'restricted',
  });
  await rejects(
    at.create(kinds.pods, podOf('a', { hostNetwork: true })),
    refusal(403, 'pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'),
  );
  at.warnings.length = 0;
  await at.create(kinds.pods, podOf('b'));
  match(at.warnings.join('\n'), /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/);
});

test('claims and volumes are protected, and get the default class', async () => {
  const at = await cluster();
  await at.create(kinds.storageclasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'example.com/local',
  });
  const made = await at.create(kinds.persistentvolumeclaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  equal(specOf(made).storageClassName, 'local');
  deepEqual(metadataOf(made).finalizers, ['kubernetes.io/pvc-protection']);
});
