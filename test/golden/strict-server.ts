import assert from 'node:assert/strict';
import { messageOf, silentLog, systemClock } from '../../src/base/index.ts';
import { localClient } from '../../src/engine/cluster/local-client.ts';
import { createCatalogue, type Kind, type KubeObject, kinds } from '../../src/engine/kinds/index.ts';
import { createResources, tombstone } from '../../src/engine/resources/index.ts';
import { memoryStore } from '../../src/engine/store/index.ts';
import type { Manifest } from '../../src/road/manifests/index.ts';

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
export async function refusal(object: Manifest): Promise<string | undefined> {
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
