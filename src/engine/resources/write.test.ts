import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kinds/index.ts';
import { configMap, deploymentOf, Fixture, metadataOf, podOf, refusal } from './fixture.ts';
import type { Plain } from './object.ts';

test('a create fills in uid, time, version and managed fields', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.configmaps, configMap('a', { x: '1' }));
  const metadata = metadataOf(made);
  match(String(metadata.uid), /^[0-9a-f-]{36}$/);
  equal(metadata.creationTimestamp, '2026-01-02T03:04:05Z');
  equal(metadata.namespace, 'default');
  equal(metadata.resourceVersion, String(at.store.revision));
  deepEqual(metadata.managedFields, [
    {
      manager: 'test',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-02T03:04:05Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
    },
  ]);
  deepEqual(at.get(kinds.configmaps, 'a'), made);
});

test('a name that is taken, a wrong namespace and a version on create are refused', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  await rejects(at.create(kinds.configmaps, configMap('a')), refusal(409, 'configmaps "a" already exists'));
  const target = at.target(kinds.configmaps);
  await rejects(
    at.resources.create(target, configMap('b', {}, { namespace: 'other' }), at.options()),
    refusal(400, 'the namespace of the provided object does not match the namespace sent on the request'),
  );
  await rejects(
    at.create(kinds.configmaps, configMap('b', {}, { resourceVersion: '7' })),
    refusal(500, 'resourceVersion should not be set on objects to be created'),
  );
});

test('a generateName gets five signs more, and each object its own', async () => {
  const at = new Fixture();
  const draft = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'cfg-' } };
  const names = await Promise.all(
    Array.from({ length: 5 }, async () => metadataOf(await at.create(kinds.configmaps, draft)).name),
  );
  for (const name of names) match(String(name), /^cfg-[a-z0-9]{5}$/);
  equal(new Set(names).size, 5);
});

test('unknown fields are refused, warned of or dropped, as asked', async () => {
  const at = new Fixture();
  const draft = { ...configMap('a'), spek: 1 };
  await rejects(
    at.create(kinds.configmaps, draft),
    refusal(
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "spek"',
    ),
  );
  const made = await at.create(kinds.configmaps, draft, { fieldValidation: 'Warn' });
  equal(made.spek, undefined);
  deepEqual(at.warnings, ['unknown field "spek"']);
  await at.create(kinds.configmaps, { ...draft, metadata: { name: 'b' } }, { fieldValidation: 'Ignore' });
  equal(at.warnings.length, 1);
});

test('another kind or version than the path names is refused', async () => {
  const at = new Fixture();
  await rejects(
    at.create(kinds.configmaps, { ...configMap('a'), apiVersion: 'v2' }),
    refusal(400, 'the API version in the data (v2) does not match the expected API version (v1)'),
  );
  await rejects(
    at.create(kinds.configmaps, { ...configMap('a'), kind: 'Secret' }),
    refusal(400, /^Secret in version "v1" cannot be handled as a ConfigMap: /),
  );
});

test('a dry run answers the object and writes nothing', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.configmaps, configMap('a'), { dryRun: true });
  ok(metadataOf(made).uid);
  equal(at.store.revision, 1);
});

test('an update with an old version is refused, without a version it wins', async () => {
  const at = new Fixture();
  const first = await at.create(kinds.configmaps, configMap('a', { x: '1' }));
  const second = await at.update(kinds.configmaps, { ...first, data: { x: '2' } });
  notEqual(metadataOf(second).resourceVersion, metadataOf(first).resourceVersion);
  await rejects(
    at.update(kinds.configmaps, { ...first, data: { x: '3' } }),
    refusal(
      409,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ),
  );
  const third = await at.update(kinds.configmaps, configMap('a', { x: '4' }));
  deepEqual(third.data, { x: '4' });
  equal(metadataOf(third).uid, metadataOf(first).uid);
  equal(metadataOf(third).creationTimestamp, metadataOf(first).creationTimestamp);
});

test('an update that changes nothing writes nothing', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.configmaps, configMap('a', { x: '1' }));
  const { revision } = at.store;
  at.clock.move(5000);
  deepEqual(await at.update(kinds.configmaps, made), made);
  deepEqual(await at.update(kinds.configmaps, configMap('a', { x: '1' })), made);
  equal(at.store.revision, revision);
});

test('updates of the missing, of another uid and under another name are refused', async () => {
  const at = new Fixture();
  await rejects(at.update(kinds.configmaps, configMap('a')), refusal(404, 'configmaps "a" not found'));
  await at.create(kinds.configmaps, configMap('a'));
  await rejects(
    at.update(kinds.configmaps, configMap('a', {}, { uid: 'other' })),
    refusal(409, /Precondition failed: UID in precondition: other, UID in object meta: /),
  );
  await rejects(
    at.resources.update(at.target(kinds.configmaps, 'a'), configMap('b'), at.options()),
    refusal(400, 'the name of the object (b) does not match the name on the URL (a)'),
  );
});

test('many writers without a version all come through, each change kept', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      at.patch(kinds.configmaps, 'a', 'merge', { data: { [`k${index}`]: 'v' } }),
    ),
  );
  equal(Object.keys(at.get(kinds.configmaps, 'a').data as Plain).length, 20);
});

test('status and spec are written on their own paths', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.deployments, { ...deploymentOf('web'), status: { replicas: 9 } });
  equal((made.status as Plain).replicas, undefined);
  equal(metadataOf(made).generation, 1);
  const status = await at.update(
    kinds.deployments,
    { ...made, spec: { ...(made.spec as Plain), replicas: 7 }, status: { replicas: 3 } },
    'status',
    { fieldManager: 'controller' },
  );
  equal((status.spec as Plain).replicas, 2);
  equal((status.status as Plain).replicas, 3);
  equal(metadataOf(status).generation, 1);
  const entries = metadataOf(status).managedFields as Plain[];
  deepEqual(
    entries.map((entry) => [entry.manager, entry.subresource]),
    [
      ['controller', 'status'],
      ['test', undefined],
    ],
  );
  deepEqual(entries[0]?.fieldsV1, { 'f:status': { 'f:replicas': {} } });
  const spec = await at.update(kinds.deployments, {
    ...status,
    spec: { ...(status.spec as Plain), replicas: 5 },
    status: {},
  });
  equal((spec.status as Plain).replicas, 3);
  equal(metadataOf(spec).generation, 2);
});

test('the managed fields of a deployment are those that upstream writes', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.deployments, deploymentOf('web'));
  const [entry] = metadataOf(made).managedFields as Plain[];
  deepEqual(entry?.fieldsV1, {
    'f:spec': {
      'f:progressDeadlineSeconds': {},
      'f:replicas': {},
      'f:revisionHistoryLimit': {},
      'f:selector': {},
      'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
      'f:template': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:containers': {
            'k:{"name":"web"}': {
              '.': {},
              'f:image': {},
              'f:imagePullPolicy': {},
              'f:name': {},
              'f:ports': {
                '.': {},
                'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
              },
              'f:resources': {},
              'f:terminationMessagePath': {},
              'f:terminationMessagePolicy': {},
            },
          },
          'f:dnsPolicy': {},
          'f:restartPolicy': {},
          'f:schedulerName': {},
          'f:securityContext': {},
          'f:terminationGracePeriodSeconds': {},
        },
      },
    },
  });
});

test('who changes a field owns it from then on', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', { x: '1', y: '1' }));
  await at.patch(kinds.configmaps, 'a', 'merge', { data: { x: '2', z: '1' } }, { fieldManager: 'other' });
  const entries = metadataOf(at.get(kinds.configmaps, 'a')).managedFields as Plain[];
  deepEqual(Object.fromEntries(entries.map((entry) => [entry.manager, entry.fieldsV1])), {
    test: { 'f:data': { '.': {}, 'f:y': {} } },
    other: { 'f:data': { 'f:x': {}, 'f:z': {} } },
  });
});

test('invalid objects are refused with every fault', async () => {
  const at = new Fixture();
  await rejects(
    at.create(kinds.configmaps, configMap('Not_A_Name')),
    refusal(422, /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": /),
  );
});

test('the last finalizer of an object that is going takes it away', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a', {}, { finalizers: ['example.com/keep'] }));
  const target = at.target(kinds.pods, 'a');
  const answer = await at.resources.delete(target, at.options());
  equal(answer.gone, false);
  ok(answer.object.metadata.deletionTimestamp);
  await at.patch(kinds.pods, 'a', 'merge', { metadata: { finalizers: null } });
  await rejects(async () => at.get(kinds.pods, 'a'), refusal(404, 'pods "a" not found'));
});

test('who loses to a change on its way to the disk can read what it lost to', async () => {
  const at = new Fixture();
  const first = await at.create(kinds.configmaps, configMap('a', { x: '1' }));
  const winner = at.update(kinds.configmaps, { ...first, data: { x: '2' } });
  await rejects(at.update(kinds.configmaps, { ...first, data: { x: '3' } }), refusal(409, /has been modified/));
  deepEqual((at.get(kinds.configmaps, 'a') as unknown as Plain).data, { x: '2' });
  await winner;
  const made = at.create(kinds.configmaps, configMap('b'));
  await rejects(at.create(kinds.configmaps, configMap('b')), refusal(409, 'configmaps "b" already exists'));
  deepEqual(at.get(kinds.configmaps, 'b'), await made);
});
