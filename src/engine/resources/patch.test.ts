import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kinds/index.ts';
import { configMap, deploymentOf, Fixture, metadataOf, podOf, refusal } from './fixture.ts';
import type { Plain } from './object.ts';

const containersOf = (object: Plain) =>
  (((object.spec as Plain).template as Plain).spec as Plain).containers as Plain[];

test('a merge patch sets, replaces and takes away', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', { x: '1', y: '2' }));
  const made = await at.patch(kinds.configmaps, 'a', 'merge', {
    data: { x: null, z: '3' },
    metadata: { labels: { l: 'v' } },
  });
  deepEqual(made.data, { y: '2', z: '3' });
  deepEqual(metadataOf(made).labels, { l: 'v' });
});

test('a JSON patch follows every operation and fails with 422 as a whole', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', { x: '1' }));
  const made = await at.patch(kinds.configmaps, 'a', 'json', [
    { op: 'test', path: '/data/x', value: '1' },
    { op: 'add', path: '/data/y', value: '2' },
    { op: 'copy', from: '/data/y', path: '/data/z' },
    { op: 'move', from: '/data/x', path: '/data/w' },
    { op: 'replace', path: '/data/z', value: '3' },
    { op: 'remove', path: '/data/y' },
  ]);
  deepEqual(made.data, { w: '1', z: '3' });
  const failing = [
    { op: 'add', path: '/data/q', value: '1' },
    { op: 'test', path: '/data/w', value: 'other' },
  ];
  await rejects(
    at.patch(kinds.configmaps, 'a', 'json', failing),
    refusal(422, 'the server rejected our request due to an error in our request'),
  );
  deepEqual(at.get(kinds.configmaps, 'a').data, { w: '1', z: '3' });
});

test('a patch that names an old version is refused', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  await rejects(
    at.patch(kinds.configmaps, 'a', 'merge', { metadata: { resourceVersion: '1' }, data: { x: '1' } }),
    refusal(409, /the object has been modified/),
  );
  await rejects(at.patch(kinds.configmaps, 'nope', 'merge', {}), refusal(404, 'configmaps "nope" not found'));
});

test('a strategic patch merges containers by name and drops what it is told to', async () => {
  const at = new Fixture();
  await at.create(kinds.deployments, deploymentOf('web'));
  const patch = (containers: unknown, more: Plain = {}) => ({ spec: { template: { spec: { containers, ...more } } } });
  const added = await at.patch(
    kinds.deployments,
    'web',
    'strategic',
    patch([
      { name: 'web', image: 'nginx:2' },
      { name: 'side', image: 'busybox' },
    ]),
  );
  deepEqual(
    containersOf(added).map((one) => [one.name, one.image]),
    [
      ['web', 'nginx:2'],
      ['side', 'busybox'],
    ],
  );
  equal((containersOf(added)[0]?.ports as Plain[] | undefined)?.length, 1);
  const dropped = await at.patch(kinds.deployments, 'web', 'strategic', patch([{ name: 'web', $patch: 'delete' }]));
  deepEqual(
    containersOf(dropped).map((one) => one.name),
    ['side'],
  );
  const replaced = await at.patch(
    kinds.deployments,
    'web',
    'strategic',
    patch([{ $patch: 'replace' }, { name: 'new', image: 'x' }]),
  );
  deepEqual(
    containersOf(replaced).map((one) => one.name),
    ['new'],
  );
});

test('a strategic patch keeps the order asked for and only the keys retained', async () => {
  const at = new Fixture();
  await at.create(kinds.deployments, deploymentOf('web'));
  const made = await at.patch(kinds.deployments, 'web', 'strategic', {
    spec: {
      strategy: { $retainKeys: ['type'], type: 'Recreate' },
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'first' }, { name: 'web' }],
          containers: [{ name: 'first', image: 'a' }],
        },
      },
    },
  });
  deepEqual((made.spec as Plain).strategy, { type: 'Recreate' });
  deepEqual(
    containersOf(made).map((one) => one.name),
    ['first', 'web'],
  );
});

test('a strategic patch takes items from a list of plain values', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }));
  const added = await at.patch(kinds.configmaps, 'a', 'strategic', { metadata: { finalizers: ['example.com/c'] } });
  deepEqual(metadataOf(added).finalizers, ['example.com/c', 'example.com/a', 'example.com/b']);
  const made = await at.patch(kinds.configmaps, 'a', 'strategic', {
    metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/b'] },
  });
  deepEqual(metadataOf(made).finalizers, ['example.com/c', 'example.com/a']);
});

test('unknown fields of a patch are refused in the words of their patch type', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  await rejects(
    at.patch(kinds.pods, 'a', 'strategic', { spec: { foo: 'bar' } }),
    refusal(
      422,
      ' "" is invalid: patch: Invalid value: "map[spec:map[foo:bar]]": strict decoding error: unknown field "spec.foo"',
    ),
  );
  await rejects(
    at.patch(kinds.pods, 'a', 'merge', { spec: { foo: 'bar' } }),
    refusal(400, 'strict decoding error: unknown field "spec.foo"'),
  );
});

test('scale reads and writes the replicas of a deployment', async () => {
  const at = new Fixture();
  await at.create(kinds.deployments, deploymentOf('web'));
  const scale = at.get(kinds.deployments, 'web', 'scale');
  deepEqual([scale.kind, scale.spec, scale.status], ['Scale', { replicas: 2 }, { replicas: 0, selector: 'app=web' }]);
  const made = await at.update(kinds.deployments, { ...scale, spec: { replicas: 5 } }, 'scale');
  deepEqual(made.spec, { replicas: 5 });
  const deployment = at.get(kinds.deployments, 'web');
  equal((deployment.spec as Plain).replicas, 5);
  equal(metadataOf(deployment).generation, 2);
  await at.patch(kinds.deployments, 'web', 'merge', { spec: { replicas: 0 } }, { subresource: 'scale' });
  deepEqual(at.get(kinds.deployments, 'web', 'scale').spec, {});
  await rejects(
    at.patch(kinds.deployments, 'web', 'merge', { spec: { replicas: -1 } }, { subresource: 'scale' }),
    refusal(422, /^Scale\.autoscaling "web" is invalid: spec\.replicas: Invalid value: -1/),
  );
});

test('items that an order does not name keep their place among those that were there', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a', {}, { finalizers: ['e.x/server', 'e.x/old'] }));
  const made = await at.patch(kinds.configmaps, 'a', 'strategic', {
    metadata: { '$setElementOrder/finalizers': ['e.x/new', 'e.x/old'], finalizers: ['e.x/new'] },
  });
  deepEqual(metadataOf(made).finalizers, ['e.x/new', 'e.x/server', 'e.x/old']);
});

test('without an order asked for, new items come first and known ones stay where they were', async () => {
  const at = new Fixture();
  const volume = (name: string) => ({ name, emptyDir: {} });
  await at.create(kinds.replicasets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'a' },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: { containers: [{ name: 'one', image: 'one:1' }], volumes: [volume('x'), volume('y')] },
      },
    },
  });
  const made = await at.patch(kinds.replicasets, 'a', 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'new', image: 'new:1' }], volumes: [volume('y')] } } },
  });
  const { containers, volumes } = (made.spec as { template: { spec: Record<string, { name: string }[]> } }).template
    .spec;
  deepEqual(
    [containers, volumes].map((list) => list?.map(({ name }) => name)),
    [
      ['new', 'one'],
      ['x', 'y'],
    ],
  );
});
