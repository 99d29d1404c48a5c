import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageOf, silentLog, systemClock } from '../../base/index.ts';
import { localClient } from '../../engine/cluster/local-client.ts';
import { createCatalogue, type Kind, type KubeObject, kinds } from '../../engine/kinds/index.ts';
import { createResources, tombstone } from '../../engine/resources/index.ts';
import { memoryStore } from '../../engine/store/index.ts';
import { type Facts, readProject } from '../project/index.ts';
import type { Manifest } from './contract.ts';
import { manifestsFor } from './manifests-for.ts';

const catalogue = createCatalogue();
const client = localClient({
  resources: createResources({
    store: memoryStore({ tombstone }),
    catalogue,
    clock: systemClock,
    log: silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30_000, 32_767] },
  }),
  catalogue,
  user: { name: 'system:wherry', groups: ['system:masters'] },
  fieldManager: 'test',
});

/** What the real verbs say to the object, checked strictly; undefined when they take it. Nothing is kept. */
async function refusal(object: Manifest): Promise<string | undefined> {
  const kind = Object.values(kinds).find(
    ({ group, version, kind: name }) =>
      name === object.kind && object.apiVersion === (group ? `${group}/` : '') + version,
  );
  assert.ok(kind, `${object.kind} in ${object.apiVersion}`);
  const { namespace, name } = object.metadata;
  const apply = { type: 'apply', body: object } as const;
  const options = { dryRun: true, fieldManager: 'wherry', fieldValidation: 'Strict' } as const;
  try {
    await client.patch(kind as Kind<KubeObject>, namespace, name, apply, options);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
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
    for (const object of objects)
      assert.equal(await refusal(object), undefined, `${object.kind} ${object.metadata.name}`);
  }
});

test('the check itself refuses unknown fields and bad values', async () => {
  const service = (spec: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', namespace: 'shops' },
    spec,
  });
  assert.match((await refusal(service({ selektor: {}, ports: [{ port: 80 }] }))) ?? '', /selektor/);
  assert.match((await refusal(service({ ports: [{ port: 99_999 }] }))) ?? '', /spec\.ports\[0\]\.port/);
  assert.equal(await refusal(service({ ports: [{ port: 80 }] })), undefined);
});
