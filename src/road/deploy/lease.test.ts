import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { kinds, type Lease } from '../../engine/kinds/index.ts';
import { type MemoryCluster, memoryCluster } from '../../testing/memory-cluster.test.ts';
import { quickClock } from './control-plane.test.ts';
import { askHolder, type LeaseRequest, lookAtLease, takeLease } from './lease.ts';

let cluster: MemoryCluster;
beforeEach(async () => {
  cluster = await memoryCluster();
});
afterEach(async () => {
  await cluster.stop();
});

const take = (doing = 'deploying shop', namespace = 'default', clock = systemClock) =>
  takeLease({ client: cluster.client, app: 'shop', namespace, clock, doing });
const look = () => lookAtLease(cluster.client, 'shop', 'default', systemClock);
const change = async (next: (lease: Lease) => Lease): Promise<void> => {
  const lease = await cluster.client.get<Lease>(kinds.leases, 'default', 'wherry-shop');
  await cluster.client.update(kinds.leases, next(lease));
};

describe('the lease of an app', () => {
  test('is had by one at a time; the second is told who, since when, and what he does', async () => {
    const lease = await take();
    await lease.tell('releasing v4 of shop (step 2 of 7: roll)');
    await assert.rejects(
      take(),
      /^UserError: shop: \S+@\S+\/\d+ is releasing v4 of shop \(step 2 of 7: roll\), since 0 s ago\nWait until/,
    );
    await lease.release();
    const next = await take();
    await next.release();
    assert.equal(await look(), undefined);
  });

  test('is made with its namespace where that is not there yet', async () => {
    const lease = await take('deploying shop', 'elsewhere');
    assert.equal((await cluster.client.get(kinds.namespaces, undefined, 'elsewhere')).metadata.name, 'elsewhere');
    await lease.release();
  });

  test('left unfinished tells when, and is nobody’s', async () => {
    const lease = await take();
    await lease.release(true);
    const trace = await look();
    assert.deepEqual([trace?.holder, trace?.isHeld], [undefined, false]);
    assert.ok(Date.now() - (trace?.renewedAtMs ?? 0) < 60_000);
    await (await take()).release();
  });

  test('of a process of this machine that is dead is taken at once', async () => {
    await (await take()).release(true);
    const child = spawn('true');
    const { pid } = child;
    await new Promise((resolve) => child.on('exit', resolve));
    await change((lease) => {
      const [machine] = (lease.metadata.annotations?.['wherry/process'] ?? '').split(' ');
      const annotations = { ...lease.metadata.annotations, 'wherry/process': `${machine} ${pid} 1` };
      return {
        ...lease,
        metadata: { ...lease.metadata, annotations },
        spec: { ...lease.spec, holderIdentity: `anna@here/${pid}` },
      };
    });
    assert.equal((await look())?.isHeld, false);
    const lease = await take();
    const live = await cluster.client.get<Lease>(kinds.leases, 'default', 'wherry-shop');
    assert.match(live.spec.holderIdentity ?? '', new RegExp(`/${process.pid}$`));
    assert.ok((live.spec.leaseTransitions ?? 0) >= 1);
    await lease.release();
  });

  const elsewhere = (renewTime: string) => (lease: Lease) => ({
    ...lease,
    metadata: { ...lease.metadata, annotations: { 'wherry/process': 'another-machine 1 1' } },
    spec: { ...lease.spec, holderIdentity: 'ben@there/7', renewTime },
  });
  const micro = (time: number): string => new Date(time).toISOString().replace('Z', '000Z');
  const YEAR_MS = 365 * 86_400_000;

  test('of a process elsewhere is respected while it is renewed, and not for ever', async () => {
    await (await take()).release(true);
    await change(elsewhere(micro(Date.now())));
    await assert.rejects(take(), /ben@there\/7 is /);
    await change(elsewhere('2020-01-01T00:00:00.000000Z'));
    await (await take(undefined, undefined, quickClock)).release();
  });

  for (const [words, skewMs] of [
    ['goes a year behind', -YEAR_MS],
    ['is a year ahead', YEAR_MS],
  ] as const) {
    test(`of a process elsewhere whose clock ${words} is respected while it is renewed, and not for ever`, async () => {
      await (await take()).release(true);
      let renewals = 0;
      const renew = () => change(elsewhere(micro(Date.now() + skewMs + ++renewals)));
      await renew();
      // Its holder renews it as the watcher looks.
      const sleep: typeof quickClock.sleep = async (delayMs, signal) => {
        await renew();
        await quickClock.sleep(delayMs, signal);
      };
      await assert.rejects(take(undefined, undefined, { ...quickClock, sleep }), /ben@there\/7 is /);
      assert.equal(renewals, 2);
      assert.equal((await look())?.isHeld, false, 'whether it is held cannot be told at once');
      await (await take(undefined, undefined, quickClock)).release();
    });
  }

  test('that was taken and given up while its holder slept is not his any more, though it is the same object', async () => {
    const lease = await take();
    await change(elsewhere(micro(Date.now())));
    await assert.rejects(lease.tell('releasing v4'), /is no longer held by us|was taken over by/);
    assert.ok(lease.lost.aborted);
    assert.equal((await look())?.doing, undefined, 'what the new holder does is not written over');
    await lease.release();
    assert.equal((await look())?.holder, 'ben@there/7');
  });

  test('that its holder gives up without having heard that it was taken stays with who took it', async () => {
    const deaf = new Proxy(cluster.client, {
      get: (target, key) => (key === 'watch' ? () => new Promise(() => {}) : Reflect.get(target, key)),
    });
    const lease = await takeLease({
      client: deaf,
      app: 'shop',
      namespace: 'default',
      clock: systemClock,
      doing: 'deploying shop',
    });
    await change(elsewhere(micro(Date.now())));
    await lease.release();
    assert.equal((await look())?.holder, 'ben@there/7');
  });

  test('is lost when it cannot be renewed, though the renewal only hangs', async () => {
    const hanging = new Proxy(cluster.client, {
      get: (target, key) => (key === 'patch' ? () => new Promise(() => {}) : Reflect.get(target, key)),
    });
    const lease = await takeLease({
      client: hanging,
      app: 'shop',
      namespace: 'default',
      clock: quickClock,
      doing: 'deploying shop',
    });
    const alive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => lease.lost.addEventListener('abort', () => resolve()));
    clearInterval(alive);
    assert.match(String(lease.lost.reason), /could not be renewed for 30 s/);
    await lease.release();
  });

  test('that somebody else took tells its holder', async () => {
    const lease = await take();
    const lost = new Promise<void>((resolve) => lease.lost.addEventListener('abort', () => resolve()));
    await change((live) => ({ ...live, spec: { ...live.spec, holderIdentity: 'ben@there/7' } }));
    await lost;
    assert.match(String(lease.lost.reason), /was taken over by ben@there\/7/);
    await lease.release();
    assert.equal((await look())?.holder, 'ben@there/7', 'it is not given up by who has lost it');
  });

  test('carries what others ask of its holder, once each', async () => {
    const lease = await take();
    const heard: LeaseRequest[] = [];
    const both = new Promise<void>((resolve) =>
      lease.onRequest((request) => {
        heard.push(request);
        if (heard.length === 2) resolve();
      }),
    );
    await askHolder(cluster.client, 'shop', 'default', 'promote');
    await askHolder(cluster.client, 'shop', 'default', 'promote');
    await askHolder(cluster.client, 'shop', 'default', 'abort');
    await both;
    assert.deepEqual(heard, ['promote', 'abort']);
    await lease.release();
  });

  test('keeps a promotion that is asked for as the hold begins, and forgets it after', async () => {
    const lease = await take();
    const saw = new Promise<void>((resolve) =>
      lease.onRequest((request) => (request === 'promote' ? resolve() : undefined)),
    );
    await askHolder(cluster.client, 'shop', 'default', 'promote');
    await saw;
    await lease.tell('releasing v4 of shop (step 5 of 8: hold)', true);
    const heard: LeaseRequest[] = [];
    lease.onRequest((request) => void heard.push(request));
    assert.deepEqual(heard, ['promote']);
    await lease.tell('releasing v4 of shop (step 6 of 8: roll)');
    lease.onRequest((request) => void heard.push(request));
    assert.deepEqual(heard, ['promote']);
    await lease.release();
  });

  test('never forgets an abort', async () => {
    const lease = await take();
    await askHolder(cluster.client, 'shop', 'default', 'abort');
    await lease.tell('releasing v4 of shop (step 6 of 8: roll)');
    assert.equal(await new Promise<LeaseRequest>((resolve) => lease.onRequest(resolve)), 'abort');
    await lease.release();
  });
});
