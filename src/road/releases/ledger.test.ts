import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import type { Client } from '../../engine/client/index.ts';
import { localClient } from '../../engine/cluster/local-client.ts';
import { createCatalogue, kinds, type Secret } from '../../engine/kinds/index.ts';
import { createResources, tombstone } from '../../engine/resources/index.ts';
import { memoryStore } from '../../engine/store/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { configurationHash, openLedger, type ReleaseDraft, releasesIn } from './index.ts';

/** The real verbs over a store in memory. */
function openCluster(): Client {
  const catalogue = createCatalogue();
  const resources = createResources({
    store: memoryStore({ tombstone }),
    catalogue,
    clock: systemClock,
    log: silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30_000, 32_767] },
  });
  const user = { name: 'system:wherry', groups: ['system:masters'] };
  return localClient({ resources, catalogue, user, fieldManager: 'test' });
}

const config = (name: string, data: Record<string, string>): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data,
});

const draft = (objects: readonly Manifest[] = [config('shop', { A: '1' })]): ReleaseDraft => ({
  by: 'ann@laptop',
  strategy: 'rolling',
  image: 'localhost/shop:1',
  imageDigest: undefined,
  sourceHash: 'abc',
  migration: undefined,
  canGoBack: { answer: 'yes', why: 'no migration' },
  rollbackOf: undefined,
  objects,
  plan: { steps: ['write', 'roll'] },
});

test('a release is numbered as it begins, says how far it is, and is read back whole', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  assert.deepEqual(await ledger.list(), []);
  assert.equal(await ledger.interrupted(), undefined);
  const first = await ledger.begin(draft());
  assert.equal(first.number, 1);
  assert.equal(first.verdict, 'running');
  await ledger.progress(1, 1, { plan: { steps: ['write', 'roll'], undoing: true } });
  const again = await ledger.interrupted();
  assert.equal(again?.stepsDone, 1);
  assert.deepEqual(again?.plan, { steps: ['write', 'roll'], undoing: true });
  assert.deepEqual(again?.objects, [config('shop', { A: '1' })]);
  const done = await ledger.finish(1, 'good', { reason: 'all is well' });
  assert.ok(done.finishedAt);
  assert.equal(await ledger.interrupted(), undefined);
  assert.equal((await ledger.lastGood())?.number, 1);
  assert.equal((await ledger.begin(draft())).number, 2);
});

test('its record is a Secret of its own type, told by labels, and immutable once it is finished', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  await ledger.begin(draft());
  await ledger.finish(1, 'undone', { reason: 'errors: 3 %' });
  const secret = await client.get<Secret>(kinds.secrets, 'shop', 'wherry-release-shop-v1');
  assert.equal(secret.type, 'wherry.io/release');
  assert.equal(secret.immutable, true);
  assert.equal(secret.metadata.labels?.['wherry/verdict'], 'undone');
  await assert.rejects(ledger.progress(1, 2), /release v1 of shop: is finished \(undone\) and never changes/);
  await assert.rejects(ledger.finish(1, 'good'), /is finished/);
  await assert.rejects(client.update<Secret>(kinds.secrets, { ...secret, data: {} }), /immutable/);
});

test('of many that begin at once each has its own number', async () => {
  const client = openCluster();
  const begun = await Promise.all(Array.from({ length: 8 }, () => openLedger(client, 'shop', 'shop').begin(draft())));
  assert.deepEqual(begun.map(({ number }) => number).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('changes that meet are all kept', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  await ledger.begin(draft());
  await Promise.all([ledger.progress(1, 1, { reason: 'x' }), ledger.progress(1, 1, { imageDigest: 'sha256:1' })]);
  const { reason, imageDigest } = await ledger.get(1);
  assert.deepEqual([reason, imageDigest], ['x', 'sha256:1']);
});

test('a large file is kept once, however many releases have it, and comes back with each', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  const large = config('seed', { 'seed.sql': randomBytes(300_000).toString('base64') });
  await ledger.begin(draft([large]));
  await ledger.finish(1, 'good');
  await ledger.begin(draft([large, config('shop', { A: '2' })]));
  const { items } = await client.list<Secret>(kinds.secrets, { namespace: 'shop' });
  assert.equal(items.filter(({ type }) => type === 'wherry.io/release-part').length, 1);
  const records = items.filter(({ type }) => type === 'wherry.io/release');
  assert.ok(records.every(({ data }) => String(data?.release).length < 4000));
  assert.deepEqual((await ledger.get(1)).objects, [large]);
  assert.deepEqual((await ledger.interrupted())?.objects[0], large);
});

test('pruning keeps the newest, the last two good ones and what runs, and large files still named', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  const large = (name: string): Manifest => config(name, { sql: name.repeat(20_000) });
  const verdicts = ['good', 'good', 'good', 'undone', 'running', 'failed', 'aborted', 'undone'] as const;
  for (const [index, verdict] of verdicts.entries()) {
    await ledger.begin(draft([large(index === 0 ? 'old' : 'new')]));
    if (verdict !== 'running') await ledger.finish(index + 1, verdict);
  }
  assert.deepEqual(await ledger.prune(2), [1, 4, 6]);
  assert.deepEqual(
    (await ledger.list()).map(({ number }) => number),
    [2, 3, 5, 7, 8],
  );
  assert.equal((await ledger.begin(draft())).number, 9);
  assert.deepEqual((await ledger.get(2)).objects, [large('new')]);
  const { items } = await client.list<Secret>(kinds.secrets, { namespace: 'shop' });
  assert.equal(items.filter(({ type }) => type === 'wherry.io/release-part').length, 1);
});

test('an unknown number names those there are', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  await assert.rejects(ledger.get(4), /app shop: has no release v4 in namespace shop\nIt has none at all/);
  await ledger.begin(draft());
  await assert.rejects(ledger.get(4), /There are: v1$/);
});

test('the releases of all apps of a namespace are told apart', async () => {
  const client = openCluster();
  await openLedger(client, 'shop', 'shop').begin(draft());
  await openLedger(client, 'blog', 'shop').begin(draft());
  await openLedger(client, 'shop', 'other').begin(draft());
  assert.deepEqual(
    (await releasesIn(client, 'shop')).map(({ app, number }) => `${app} ${number}`),
    ['blog 1', 'shop 1'],
  );
});

test('a record that somebody spoiled is told with its name', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  await ledger.begin(draft());
  const secret = await client.get<Secret>(kinds.secrets, 'shop', 'wherry-release-shop-v1');
  await client.update<Secret>(kinds.secrets, { ...secret, data: { release: 'bm9uc2Vuc2U=' } });
  await assert.rejects(ledger.list(), /secret wherry-release-shop-v1: is said to be a record/);
});

test('the hash of the configuration changes with any value, and with nothing else', () => {
  const one = configurationHash([config('a', { A: '1', B: '2' }), config('b', { C: '3' })]);
  assert.equal(one, configurationHash([config('b', { C: '3' }), config('a', { B: '2', A: '1' })]));
  assert.notEqual(one, configurationHash([config('a', { A: '1', B: '3' }), config('b', { C: '3' })]));
  const deployment: Manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } };
  assert.equal(one, configurationHash([config('a', { A: '1', B: '2' }), deployment, config('b', { C: '3' })]));
});

test('what a release would bring back may be as large as what it brings, and is whole for whoever goes on', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  const large = (name: string) => config(name, { file: randomBytes(600_000).toString('base64') });
  const before = { release: 1, objects: [large('one'), large('two')], created: [], served: true };
  const plan = { app: 'shop', steps: [], before };
  const { number } = await ledger.begin({ ...draft([large('one')]), plan });
  await ledger.progress(number, 1, { plan: { ...plan, undoing: { reason: 'x', verdict: 'undone' } } });
  const left = await ledger.interrupted();
  assert.deepEqual((left?.plan as typeof plan | undefined)?.before.objects, before.objects);
  await ledger.prune();
  assert.deepEqual(((await ledger.get(number)).plan as typeof plan).before.objects, before.objects, 'and is not swept');
  const finished = await ledger.finish(number, 'good');
  assert.ok(JSON.stringify(finished).length < 10_000);
});

test('a release that begins has room for its end; one that has not is told before anything is applied', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  const filled = (bytes: number) => ({ ...draft(), sourceHash: randomBytes(bytes).toString('hex') });
  await assert.rejects(
    ledger.begin(filled(950_000)),
    /release v1 of shop: has \d+ bytes when packed; at most 900000 fit/,
  );
  assert.deepEqual(await ledger.list(), []);
  const { number } = await ledger.begin(filled(700_000));
  const reason = randomBytes(200_000).toString('hex');
  const plan = { steps: [], undoing: { reason: randomBytes(16_384).toString('hex'), verdict: 'undone' } };
  await ledger.progress(number, 1, { plan });
  const failed = await ledger.finish(number, 'failed', { reason });
  assert.ok(failed.reason?.startsWith(reason.slice(0, 32_000)) && failed.reason.length < 40_000);
});

test('a verdict whose answer was lost is given once, and stands', async () => {
  const client = openCluster();
  const ledger = openLedger(client, 'shop', 'shop');
  await ledger.begin(draft());
  let updates = 0;
  const deaf: Client = new Proxy(client, {
    get(target, key) {
      if (key !== 'update') return Reflect.get(target, key);
      return async (...rest: Parameters<Client['update']>) => {
        updates++;
        await target.update(...rest);
        // What a second sending of the same version meets.
        return await target.update(...rest);
      };
    },
  });
  assert.equal((await openLedger(deaf, 'shop', 'shop').finish(1, 'good')).verdict, 'good');
  assert.equal(updates, 1);
  await assert.rejects(ledger.finish(1, 'failed'), /is finished \(good\) and never changes/);
});
