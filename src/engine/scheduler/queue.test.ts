import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { Pod } from '../kinds/index.ts';
import { SchedulingQueue } from './queue.ts';

function pod(name: string, priority = 0): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [], priority },
    status: {},
  };
}

test('pods come by priority, then in the order of their arrival', () => {
  const queue = new SchedulingQueue(new FakeClock(), () => {});
  for (const [name, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 5],
    ['e', 9],
  ] as const)
    queue.put(pod(name, priority));
  const taken: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.metadata.name);
  assert.deepEqual(taken, ['e', 'b', 'd', 'a', 'c']);
});

test('a pod that was refused waits for what can help it, and backs off', async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  queue.put(pod('a'));
  queue.take();
  queue.wait('a', new Set(['node']));
  queue.relieve('volume');
  await clock.advance(60_000);
  assert.equal(queue.take(), undefined);
  queue.relieve('node');
  assert.equal(queue.take(), undefined);
  await clock.advance(50);
  assert.equal(queue.take()?.metadata.name, 'a');
});

test('what happens while a pod is being placed is not lost', async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  queue.put(pod('a'));
  queue.take();
  queue.relieve('podGone');
  queue.wait('a', new Set(['podGone']));
  await clock.advance(50);
  assert.equal(queue.take()?.metadata.name, 'a');
});

test('a pod that was removed is not given out', () => {
  const queue = new SchedulingQueue(new FakeClock(), () => {});
  queue.put(pod('a'));
  queue.put(pod('b'));
  queue.remove('a');
  assert.equal(queue.take()?.metadata.name, 'b');
  assert.equal(queue.take(), undefined);
});
