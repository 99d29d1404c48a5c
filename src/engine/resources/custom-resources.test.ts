import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Kind, kinds } from '../kinds/index.ts';
import { Fixture, metadataOf, refusal, settled } from './fixture.ts';
import type { Plain } from './object.ts';

const widgets: Kind<unknown> = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

const definition = (more: Plain = {}, names: Plain = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${String(names.plural ?? 'widgets')}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', singular: 'widget', shortNames: ['wd'], ...names },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        selectableFields: [{ jsonPath: '.spec.colour' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['colour'],
                properties: {
                  colour: { type: 'string', enum: ['red', 'blue'] },
                  replicas: { type: 'integer', minimum: 1, default: 3 },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string' }, size: { type: 'integer' } },
                    },
                  },
                },
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' } } },
            },
          },
        },
        ...more,
      },
    ],
  },
});

const widget = (name: string, spec: Plain = { colour: 'red' }) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

async function withWidgets(): Promise<Fixture> {
  const at = new Fixture();
  await at.create(kinds.customresourcedefinitions, definition());
  await settled();
  return at;
}

test('a definition is accepted, established and served', async () => {
  const at = await withWidgets();
  const made = at.get(kinds.customresourcedefinitions, 'widgets.example.com');
  const status = made.status as { conditions: Plain[]; acceptedNames: Plain; storedVersions: string[] };
  deepEqual(
    status.conditions.map((one) => [one.type, one.status, one.reason]),
    [
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ],
  );
  deepEqual(status.acceptedNames.shortNames, ['wd']);
  deepEqual(status.storedVersions, ['v1']);
  ok(at.catalogue.find('example.com', 'v1', 'widgets'));
});

test('custom objects are defaulted, pruned and counted', async () => {
  const at = await withWidgets();
  const made = await at.create(widgets, widget('a', { colour: 'red', extra: 1 }), { fieldValidation: 'Warn' });
  deepEqual(made.spec, { colour: 'red', replicas: 3 });
  deepEqual(at.warnings, ['unknown field "spec.extra"']);
  equal(metadataOf(made).generation, 1);
  const updated = await at.patch(widgets, 'a', 'merge', { spec: { colour: 'blue' } });
  equal(metadataOf(updated).generation, 2);
  const status = await at.patch(
    widgets,
    'a',
    'merge',
    { status: { replicas: 2 }, spec: { colour: 'red' } },
    { subresource: 'status' },
  );
  deepEqual([metadataOf(status).generation, (status.spec as Plain).colour], [2, 'blue']);
  deepEqual((await at.patch(widgets, 'a', 'merge', { status: { replicas: 9 } })).status, { replicas: 2 });
});

test('custom objects that break their schema are refused in upstream words', async () => {
  const at = await withWidgets();
  const refused = (spec: Plain, text: string) =>
    rejects(at.create(widgets, widget('a', spec)), refusal(422, `Widget.example.com "a" is invalid: ${text}`));
  await refused({}, 'spec.colour: Required value');
  await refused({ colour: 'green' }, 'spec.colour: Unsupported value: "green": supported values: "red", "blue"');
  await refused(
    { colour: 'red', replicas: 0 },
    'spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1',
  );
  await refused(
    { colour: 'red', replicas: 'many' },
    'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
  );
  await refused(
    { colour: 'red', parts: [{ name: 'x' }, { name: 'x' }] },
    'spec.parts[1]: Duplicate value: {"name":"x"}',
  );
});

test('a strategic patch is refused, server-side apply merges by the keys of the schema', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a', { colour: 'red', parts: [{ name: 'x', size: 1 }] }));
  await rejects(
    at.patch(widgets, 'a', 'strategic', {}),
    refusal(415, /the body of the request was in an unknown format/),
  );
  const config = { ...widget('a', { parts: [{ name: 'y', size: 2 }] }) };
  const made = await at.patch(widgets, 'a', 'apply', config, { fieldManager: 'one' });
  deepEqual((made.spec as Plain).parts, [
    { name: 'x', size: 1 },
    { name: 'y', size: 2 },
  ]);
});

test('an update needs a version, a field selector the fields named', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a'));
  await at.create(widgets, widget('b', { colour: 'blue' }));
  await rejects(
    at.update(widgets, widget('a')),
    refusal(
      422,
      'widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ),
  );
  const target = at.target(widgets);
  const found = at.resources.list(target, { fieldSelector: 'spec.colour=blue' });
  deepEqual(
    found.items.map((item) => item.object.metadata.name),
    ['b'],
  );
  throws(() => at.resources.list(target, { fieldSelector: 'spec.size=1' }), refusal(400, /spec\.size/));
});

test('scale reads and writes the paths of the definition', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a'));
  deepEqual(at.get(widgets, 'a', 'scale').spec, { replicas: 3 });
  await at.patch(widgets, 'a', 'merge', { spec: { replicas: 7 } }, { subresource: 'scale' });
  equal((at.get(widgets, 'a').spec as Plain).replicas, 7);
});

test('names that another definition has are not accepted', async () => {
  const at = await withWidgets();
  await at.create(
    kinds.customresourcedefinitions,
    definition({}, { plural: 'gadgets', kind: 'Widget', shortNames: [], singular: 'gadget' }),
  );
  await settled();
  const { status } = at.get(kinds.customresourcedefinitions, 'gadgets.example.com') as {
    status: { conditions: Plain[] };
  };
  deepEqual(
    status.conditions.map((one) => [one.type, one.status, one.reason, one.message]),
    [
      ['NamesAccepted', 'False', 'ListKindConflict', '"WidgetList" is already in use'],
      ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ],
  );
  equal(at.catalogue.find('example.com', 'v1', 'gadgets'), undefined);
});

test('versions are added, converted and taken away', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a'));
  const found = at.get(kinds.customresourcedefinitions, 'widgets.example.com');
  const versions = (found.spec as { versions: Plain[] }).versions;
  const second = { ...versions[0], name: 'v2', storage: true };
  const spec = { ...(found.spec as Plain), versions: [{ ...versions[0], storage: false }, second] };
  const updated = await at.update(kinds.customresourcedefinitions, { ...found, spec });
  deepEqual((updated.status as Plain).storedVersions, ['v1', 'v2']);
  await settled();
  const v2 = { ...widgets, version: 'v2' };
  equal(at.get(v2, 'a').apiVersion, 'example.com/v2');
  equal(at.get(widgets, 'a').apiVersion, 'example.com/v1');
  await at.create(v2, { ...widget('b'), apiVersion: 'example.com/v2' });
  equal(at.get(widgets, 'b').apiVersion, 'example.com/v1');
});

test('a definition that goes takes its objects with it first', async () => {
  const at = await withWidgets();
  await at.create(widgets, { ...widget('a'), metadata: { name: 'a', finalizers: ['example.com/keep'] } });
  await at.create(widgets, widget('b'));
  const target = at.target(kinds.customresourcedefinitions, 'widgets.example.com');
  const answer = await at.resources.delete(target, at.options());
  equal(answer.gone, false);
  deepEqual(answer.object.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  await settled();
  await settled();
  deepEqual(
    at.resources.list(at.target(widgets), {}).items.map((item) => item.object.metadata.name),
    ['a'],
  );
  await at.patch(widgets, 'a', 'merge', { metadata: { finalizers: null } });
  await settled();
  await settled();
  throws(
    () => at.resources.get(target),
    refusal(404, 'customresourcedefinitions.apiextensions.k8s.io "widgets.example.com" not found'),
  );
  equal(at.catalogue.find('example.com', 'v1', 'widgets'), undefined);
});

test('a store that holds definitions serves them from the start', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a'));
  const again = at.again();
  equal((again.get(widgets, 'a').spec as Plain).colour, 'red');
});

test('a default that comes later shows on objects written before, and watches tell it', async () => {
  const at = await withWidgets();
  await at.create(widgets, widget('a'));
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size';
  await at.patch(kinds.customresourcedefinitions, 'widgets.example.com', 'json', [
    { op: 'add', path, value: { type: 'string', default: 'small' } },
  ]);
  await settled();
  equal((at.get(widgets, 'a').spec as Plain).size, 'small');
  const told: Plain[] = [];
  at.resources.watch(
    at.target(widgets),
    {},
    (events) => told.push(...events.map((event) => JSON.parse(event.bytes().toString()) as Plain)),
    () => {},
  );
  await settled();
  deepEqual(
    told.map((object) => (object.spec as Plain).size),
    ['small'],
  );
});
