import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../base/index.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { startLoop } from './loop.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a key added many times in one turn runs once', async () => {
  const ran: string[] = [];
  const loop = startLoop({
    name: 't',
    clock: new FakeClock(),
    log: silentLog,
    reconcile: async (key) => {
      ran.push(key);
      return undefined;
    },
  });
  for (let count = 0; count < 5; count++) loop.add('a/b');
  loop.add('c');
  await turn();
  assert.deepEqual(ran, ['a/b', 'c']);
  await loop.stop();
});

test('a key added while it runs runs again, never twice at once', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const waiters: (() => void)[] = [];
  const loop = startLoop({
    name: 't',
    clock: new FakeClock(),
    log: silentLog,
    reconcile: async () => {
      runs++;
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => waiters.push(resolve));
      running--;
      return undefined;
    },
  });
  loop.add('a');
  await turn();
  loop.add('a');
  loop.add('a');
  await turn();
  assert.equal(runs, 1);
  waiters.shift()?.();
  await turn();
  assert.equal(runs, 2);
  waiters.shift()?.();
  await turn();
  assert.equal(runs, 2);
  assert.equal(most, 1);
  await loop.stop();
});

test('a failure is tried again after 5 ms, then 10 ms, and success starts anew', async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const startMs = clock.now();
  const loop = startLoop({
    name: 't',
    clock,
    log: silentLog,
    reconcile: async () => {
      times.push(clock.now() - startMs);
      if (times.length < 3) throw new Error('not yet');
      return undefined;
    },
  });
  loop.add('a');
  await turn();
  await clock.advance(1000);
  assert.deepEqual(times, [0, 5, 15]);
  assert.equal(clock.waiting, 0);
  await loop.stop();
});

test('a number asks to be called again, and the earliest wish counts', async () => {
  const clock = new FakeClock();
  let runs = 0;
  const loop = startLoop({
    name: 't',
    clock,
    log: silentLog,
    reconcile: async () => (++runs === 1 ? 500 : undefined),
  });
  loop.add('a');
  await turn();
  loop.addAfter('a', 100);
  await clock.advance(99);
  assert.equal(runs, 1);
  await clock.advance(1);
  await turn();
  assert.equal(runs, 2);
  await clock.advance(1000);
  assert.equal(runs, 2);
  await loop.stop();
});

test('stop waits for what runs and starts nothing more', async () => {
  let finish: () => void = () => {};
  let runs = 0;
  const loop = startLoop({
    name: 't',
    clock: new FakeClock(),
    log: silentLog,
    concurrency: 1,
    reconcile: async () => {
      runs++;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return undefined;
    },
  });
  loop.add('a');
  loop.add('b');
  await turn();
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await turn();
  assert.equal(stopped, false);
  finish();
  await stopping;
  assert.equal(runs, 1);
});
