import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kinds/index.ts';
import type { DeleteRequest } from './contract.ts';
import { configMap, Fixture, metadataOf, podOf, refusal } from './fixture.ts';
import type { Plain } from './object.ts';

const remove = (at: Fixture, kind: Parameters<Fixture['target']>[0], name: string, more: Partial<DeleteRequest> = {}) =>
  at.resources.delete(at.target(kind, name), { ...at.options(), ...more });
const bind = (at: Fixture, name: string) =>
  at.resources.create(at.target(kinds.pods, name, 'binding'), { target: { kind: 'Node', name: 'n1' } }, at.options());

test('a delete takes the object away at once', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  equal((await remove(at, kinds.configmaps, 'a')).gone, true);
  await rejects(remove(at, kinds.configmaps, 'a'), refusal(404, 'configmaps "a" not found'));
});

test('a running pod gets its grace period, which can only be shortened', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  await bind(at, 'a');
  const first = await remove(at, kinds.pods, 'a');
  equal(first.gone, false);
  equal(first.object.metadata.deletionGracePeriodSeconds, 30);
  equal(first.object.metadata.deletionTimestamp, '2026-01-02T03:04:35Z');
  const { revision } = at.store;
  await remove(at, kinds.pods, 'a', { gracePeriodSeconds: 60 });
  equal(at.store.revision, revision);
  const shorter = await remove(at, kinds.pods, 'a', { gracePeriodSeconds: 5 });
  equal(shorter.object.metadata.deletionTimestamp, '2026-01-02T03:04:10Z');
  equal((await remove(at, kinds.pods, 'a', { gracePeriodSeconds: 0 })).gone, true);
});

test('a pod without a node and a finished one go at once', async () => {
  const at = new Fixture();
  await at.create(kinds.pods, podOf('a'));
  equal((await remove(at, kinds.pods, 'a')).gone, true);
  await at.create(kinds.pods, podOf('b'));
  await bind(at, 'b');
  await at.patch(kinds.pods, 'b', 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  equal((await remove(at, kinds.pods, 'b')).gone, true);
});

test('preconditions are kept', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  await rejects(
    remove(at, kinds.configmaps, 'a', { uid: 'other' }),
    refusal(
      409,
      /^Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(other\) does not match/,
    ),
  );
  await rejects(
    remove(at, kinds.configmaps, 'a', { resourceVersion: '1' }),
    refusal(409, /the ResourceVersion in the precondition \(1\)/),
  );
});

test('orphan and foreground leave their finalizers', async () => {
  const at = new Fixture();
  for (const name of ['a', 'b']) await at.create(kinds.configmaps, configMap(name));
  const orphaned = await remove(at, kinds.configmaps, 'a', { propagationPolicy: 'Orphan' });
  deepEqual([orphaned.gone, orphaned.object.metadata.finalizers], [false, ['orphan']]);
  equal(orphaned.object.metadata.deletionGracePeriodSeconds, 0);
  const waiting = await remove(at, kinds.configmaps, 'b', { propagationPolicy: 'Foreground' });
  deepEqual(waiting.object.metadata.finalizers, ['foregroundDeletion']);
  await at.patch(kinds.configmaps, 'b', 'json', [{ op: 'remove', path: '/metadata/finalizers/0' }]);
  throws(() => at.get(kinds.configmaps, 'b'), refusal(404, /not found/));
});

test('a dry run deletes nothing', async () => {
  const at = new Fixture();
  await at.create(kinds.configmaps, configMap('a'));
  equal((await remove(at, kinds.configmaps, 'a', { dryRun: true })).gone, true);
  ok(at.get(kinds.configmaps, 'a'));
});

test('a namespace terminates until its finalizers are given up', async () => {
  const at = new Fixture();
  const made = await at.create(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  deepEqual((made.spec as Plain).finalizers, ['kubernetes']);
  const going = await remove(at, kinds.namespaces, 'n');
  equal(going.gone, false);
  equal((going.object as unknown as { status: { phase: string } }).status.phase, 'Terminating');
  await remove(at, kinds.namespaces, 'n');
  const now = at.get(kinds.namespaces, 'n');
  const done = await at.update(kinds.namespaces, { ...now, spec: { finalizers: [] } }, 'finalize');
  ok(metadataOf(done).deletionTimestamp);
  throws(() => at.get(kinds.namespaces, 'n'), refusal(404, 'namespaces "n" not found'));
});

test('a delete sees what another writer did while it was looked at', async () => {
  let meanwhile: () => Promise<unknown> = async () => {};
  const at = new Fixture([
    { name: 'slow', validate: ({ operation }) => (operation === 'DELETE' ? meanwhile().then(() => {}) : undefined) },
  ]);
  await at.create(kinds.pods, podOf('a'));
  meanwhile = async () => {
    meanwhile = async () => {};
    await at.patch(kinds.pods, 'a', 'merge', { metadata: { finalizers: ['example.com/keep'] } });
  };
  const answer = await remove(at, kinds.pods, 'a');
  equal(answer.gone, false);
  deepEqual(metadataOf(at.get(kinds.pods, 'a')).finalizers, ['example.com/keep']);
});
