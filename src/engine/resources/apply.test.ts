import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds, StatusError } from '../kinds/index.ts';
import { configMap, deploymentOf, Fixture, metadataOf, refusal } from './fixture.ts';
import type { Plain } from './object.ts';

const managers = (object: Plain) =>
  (metadataOf(object).managedFields as Plain[]).map((entry) => [entry.manager, entry.operation, entry.fieldsV1]);

test('an apply creates, and owns what it names and nothing that was defaulted', async () => {
  const at = new Fixture();
  const made = await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1' }), { fieldManager: 'one' });
  deepEqual(managers(made), [['one', 'Apply', { 'f:data': { 'f:x': {} } }]]);
  const web = await at.patch(kinds.deployments, 'web', 'apply', deploymentOf('web'), { fieldManager: 'one' });
  const [entry] = metadataOf(web).managedFields as Plain[];
  const spec = (entry?.fieldsV1 as Record<string, Plain> | undefined)?.['f:spec'];
  deepEqual(Object.keys(spec ?? {}), ['f:replicas', 'f:selector', 'f:template']);
  equal(((web.spec as Plain).strategy as Plain).type, 'RollingUpdate');
});

test('the same apply again writes nothing', async () => {
  const at = new Fixture();
  const config = deploymentOf('web');
  const first = await at.patch(kinds.deployments, 'web', 'apply', config, { fieldManager: 'one' });
  const { revision } = at.store;
  at.clock.move(5000);
  deepEqual(await at.patch(kinds.deployments, 'web', 'apply', config, { fieldManager: 'one' }), first);
  equal(at.store.revision, revision);
});

test('a field given up goes, one that another owns stays', async () => {
  const at = new Fixture();
  await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1', y: '1', z: '1' }), { fieldManager: 'one' });
  await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { y: '1' }), { fieldManager: 'two' });
  const made = await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1' }), { fieldManager: 'one' });
  deepEqual(made.data, { x: '1', y: '1' });
  deepEqual(managers(made), [
    ['one', 'Apply', { 'f:data': { 'f:x': {} } }],
    ['two', 'Apply', { 'f:data': { 'f:y': {} } }],
  ]);
});

test('a struct given up goes with what was defaulted in it, unless another owns a part of it', async () => {
  const at = new Fixture();
  const withProbe = (probe?: Plain): Plain => {
    const config = deploymentOf('web') as { spec: { template: { spec: { containers: Plain[] } } } };
    const [container = {}] = config.spec.template.spec.containers;
    config.spec.template.spec.containers = [{ ...container, ...(probe ? { livenessProbe: probe } : {}) }];
    return config;
  };
  const probeOf = (object: Plain): Plain | undefined => {
    const { containers } = (object as { spec: { template: { spec: { containers: Plain[] } } } }).spec.template.spec;
    return containers[0]?.livenessProbe as Plain | undefined;
  };
  const askedOf = (object: Plain): Plain => (probeOf(object)?.httpGet ?? {}) as Plain;
  const apply = async (config: Plain, fieldManager: string, force = false): Promise<Plain> =>
    await at.patch(kinds.deployments, 'web', 'apply', config, { fieldManager, force });
  const made = await apply(withProbe({ httpGet: { path: '/live', port: 80 }, periodSeconds: 7 }), 'one');
  equal(askedOf(made).scheme, 'HTTP');
  equal(probeOf(await apply(withProbe(), 'one')), undefined);

  await apply(withProbe({ httpGet: { path: '/live', port: 80 }, periodSeconds: 7 }), 'one');
  await apply(withProbe({ httpGet: { path: '/live', port: 80 } }), 'two', true);
  equal(askedOf(await apply(withProbe(), 'one')).path, '/live');
});

test('another owner is a conflict with its cause, and force takes the field', async () => {
  const at = new Fixture();
  await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1' }), { fieldManager: 'one' });
  const late = at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '2' }), { fieldManager: 'two' });
  await rejects(late, (error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
    equal(error.code, 409);
    equal(error.message, 'Apply failed with 1 conflict: conflict with "one": .data.x');
    deepEqual(error.status.details?.causes, [
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' },
    ]);
    return true;
  });
  const made = await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '2' }), {
    fieldManager: 'two',
    force: true,
  });
  deepEqual(made.data, { x: '2' });
  deepEqual(managers(made), [['two', 'Apply', { 'f:data': { 'f:x': {} } }]]);
});

test('an updater is a conflict too, told with version and time', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', { x: '1', y: '1' }), { fieldManager: 'kubectl' });
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '2', y: '2' }), { fieldManager: 'two' }),
    refusal(
      409,
      'Apply failed with 2 conflicts: conflicts with "kubectl" using v1 at 2026-01-02T03:04:05Z:\n- .data.x\n- .data.y',
    ),
  );
});

test('the same value is shared, not a conflict', async () => {
  const at = new Fixture();
  await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1' }), { fieldManager: 'one' });
  const made = await at.patch(kinds.configmaps, 'a', 'apply', configMap('a', { x: '1' }), { fieldManager: 'two' });
  equal(managers(made).length, 2);
  const after = await at.patch(kinds.configmaps, 'a', 'apply', configMap('a'), { fieldManager: 'one' });
  deepEqual(after.data, { x: '1' });
});

test('list items merge by key, and an item given up goes whole', async () => {
  const at = new Fixture();
  const withContainers = (...names: string[]) => {
    const config = deploymentOf('web');
    config.spec.template.spec.containers = names.map((name) => ({ name, image: 'x', ports: [] }));
    return config;
  };
  const names = (object: Plain) =>
    ((((object.spec as Plain).template as Plain).spec as Plain).containers as Plain[]).map((one) => one.name);
  await at.patch(kinds.deployments, 'web', 'apply', withContainers('a', 'b'), { fieldManager: 'one' });
  const side = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { template: { spec: { containers: [{ name: 'c', image: 'y' }] } } },
  };
  deepEqual(names(await at.patch(kinds.deployments, 'web', 'apply', side, { fieldManager: 'two' })), ['a', 'b', 'c']);
  deepEqual(names(await at.patch(kinds.deployments, 'web', 'apply', withContainers('b'), { fieldManager: 'one' })), [
    'b',
    'c',
  ]);
});

test('an apply needs a manager, a kind and no managedFields', async () => {
  const at = new Fixture();
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', configMap('a'), { fieldManager: '' }),
    refusal(422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'),
  );
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', configMap('a', {}, { managedFields: [] })),
    refusal(400, 'metadata.managedFields must be nil'),
  );
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', { ...configMap('a'), nope: 1 }),
    refusal(400, /strict decoding error: unknown field "nope"/),
  );
});

test('an apply to /status owns the status alone', async () => {
  const at = new Fixture();
  await at.create(kinds.deployments, deploymentOf('web'));
  const config = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, status: { replicas: 2 } };
  const made = await at.patch(kinds.deployments, 'web', 'apply', config, { fieldManager: 'c', subresource: 'status' });
  equal((made.status as Plain).replicas, 2);
  equal((made.spec as Plain).replicas, 2);
  deepEqual(managers(made)[0], ['c', 'Apply', { 'f:status': { 'f:replicas': {} } }]);
});

test('kubectl takes over on the server what it applied from the client', async () => {
  const at = new Fixture();
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const applied = configMap('a', { x: '1' });
  const annotations = { [annotation]: JSON.stringify(applied) };
  await at.create(kinds.configmaps, configMap('a', { x: '1' }, { annotations }), {
    fieldManager: 'kubectl-client-side-apply',
  });
  const changed = configMap('a', { x: '2' });
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', changed, { fieldManager: 'other' }),
    refusal(409, /^Apply failed with 1 conflict/),
  );
  const made = await at.patch(kinds.configmaps, 'a', 'apply', changed, { fieldManager: 'kubectl' });
  deepEqual(made.data, { x: '2' });
  const text = (metadataOf(made).annotations as Record<string, string>)[annotation] ?? '';
  deepEqual(JSON.parse(text).data, { x: '2' });
  await at.patch(kinds.configmaps, 'a', 'merge', { data: { x: '3' } }, { fieldManager: 'kubectl-edit' });
  await rejects(
    at.patch(kinds.configmaps, 'a', 'apply', changed, { fieldManager: 'kubectl' }),
    refusal(409, /conflict with "kubectl-edit" using v1/),
  );
});

test('an apply without its former only label takes the label, not the metadata or what others put there', async () => {
  const at = new Fixture();
  const labelled = (labels?: Plain) => configMap('a', { x: '1' }, labels ? { labels } : {});
  await at.patch(kinds.configmaps, 'a', 'apply', labelled({ mine: '1' }), { fieldManager: 'one' });
  await at.patch(
    kinds.configmaps,
    'a',
    'merge',
    { metadata: { annotations: { note: 'kept' } } },
    { fieldManager: 'two' },
  );
  const left = await at.patch(kinds.configmaps, 'a', 'apply', labelled(), { fieldManager: 'one' });
  equal(metadataOf(left).name, 'a');
  equal(metadataOf(left).labels, undefined);
  deepEqual(metadataOf(left).annotations, { note: 'kept' });
  deepEqual(left.data, { x: '1' });
});
