import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults, copy, createCatalogue, type KubeObject, tableFor, validateObjectMeta } from '../index.ts';

test('an object of any kind with next to nothing in it is refused or kept, but never a crash', () => {
  const catalogue = createCatalogue({ runtimeConfig: { 'api/all': true } });
  for (const info of catalogue.all()) {
    const { behaviour } = info;
    const object = {
      apiVersion: info.group ? `${info.group}/${info.version}` : info.version,
      kind: info.kind,
      // An IPAddress is named by its address; any other kind takes a letter.
      metadata: {
        name: info.kind === 'IPAddress' ? '10.0.0.1' : 'a',
        uid: 'u',
        ...(info.namespaced && { namespace: 'b' }),
      },
    } as unknown as KubeObject;
    applyDefaults(object, info);
    behaviour.prepareForCreate?.(object);
    assert.deepEqual(validateObjectMeta(object.metadata, info), [], info.kind);
    const faults = behaviour.validate?.(object) ?? [];
    for (const fault of faults) assert.ok(fault.path || fault.type === 'TooLong', info.kind);
    const changed = copy(object);
    changed.metadata.labels = { a: 'b' };
    behaviour.prepareForUpdate?.(changed, object);
    // What was refused as a whole is refused again; nothing new comes of a label.
    const again = behaviour.validateUpdate?.(changed, object) ?? [];
    assert.ok(again.length <= faults.length, `${info.kind}: ${JSON.stringify(again)}`);
    behaviour.prepareForStatusUpdate?.(changed, object);
    for (const [field, read] of Object.entries(behaviour.selectableFields ?? {})) {
      assert.equal(typeof read(object), 'string', `${info.kind} ${field}`);
    }
    assert.equal(tableFor(info, [object], { now: 0 }).rows.length, 1);
  }
});
