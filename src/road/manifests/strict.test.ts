import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyDefaults, conform, createCatalogue, type KubeObject } from '../../engine/kinds/index.ts';
import { type Facts, readProject } from '../project/index.ts';
import { manifestsFor } from './manifests-for.ts';

const catalogue = createCatalogue();

function faultsOf(object: { apiVersion: string; kind: string }): string[] {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const info = catalogue.findKind(group, version, object.kind);
  if (!info) return [`no kind ${object.kind} in ${object.apiVersion}`];
  const { object: decoded, unknownFields, typeFaults } = conform(object, info.schema);
  const complete = applyDefaults(structuredClone(decoded) as KubeObject, info);
  const faults = info.behaviour.validate?.(complete) ?? [];
  return [...unknownFields, ...typeFaults, ...faults.map(({ path, type, detail }) => `${path}: ${type} ${detail}`)];
}

async function everyShape(): Promise<Facts[]> {
  const users = await readProject(join(process.cwd(), 'examples/users'));
  const [database] = users.services;
  assert.ok(database);
  return [
    users,
    await readProject(join(process.cwd(), 'examples/users-flask')),
    {
      ...users,
      services: [
        { ...database, kind: 'postgres' },
        { ...database, kind: 'redis' },
      ],
    },
    { ...users, services: [], seed: undefined, routes: [], migrate: { value: 'npm run migrate', source: 'x:1' } },
    { ...users, dockerfile: { path: 'Dockerfile', ports: [], user: undefined, command: undefined } },
  ];
}

test('every object has only known fields of the right types and values that a strict API server accepts', async () => {
  for (const facts of await everyShape()) {
    const { objects } = manifestsFor(facts, {
      name: 'shop',
      namespace: 'shops',
      image: 'localhost/shop:1',
      host: 'shop.localhost',
      defaultRoute: true,
      sourceHash: 'ab12',
    });
    for (const object of objects) assert.deepEqual(faultsOf(object), [], `${object.kind} ${object.metadata.name}`);
  }
});

test('the check itself finds unknown fields and bad values', () => {
  const bad = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', namespace: 'shops' },
    spec: { selektor: {}, ports: [{ port: 99_999 }] },
  };
  const faults = faultsOf(bad).join('\n');
  assert.match(faults, /unknown field "spec\.selektor"/);
  assert.match(faults, /spec\.ports\[0\]\.port/);
});
