import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers } from './apply.ts';

test('what the server added does not count as a difference', () => {
  const live = { spec: { replicas: 2, revisionHistoryLimit: 10, list: [{ name: 'a', protocol: 'TCP' }] }, status: {} };
  assert.ok(covers(live, { spec: { replicas: 2, list: [{ name: 'a' }] } }));
});

test('another value, a missing field, a longer or reordered list do', () => {
  const live = { a: 1, list: [{ name: 'a' }, { name: 'b' }] };
  assert.ok(!covers(live, { a: 2 }));
  assert.ok(!covers(live, { b: 1 }));
  assert.ok(!covers(live, { list: [{ name: 'a' }] }));
  assert.ok(!covers(live, { list: [{ name: 'b' }, { name: 'a' }] }));
  assert.ok(!covers(undefined, { a: 1 }));
  assert.ok(!covers('text', { a: 1 }));
});
