import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goDuration, goSeconds, RestartBackoff } from './restart-backoff.ts';

test('the first restart is immediate, the next wait 10 s doubling to 5 min', () => {
  const backoff = new RestartBackoff();
  let now = 0;
  const delays = Array.from({ length: 8 }, () => {
    const delay = backoff.next('a', now);
    now += delay + 1000;
    return delay / 1000;
  });
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
});

test('a container that has run for ten minutes starts over', () => {
  const backoff = new RestartBackoff();
  backoff.next('a', 0);
  assert.equal(backoff.next('a', 1000), 10_000);
  assert.equal(backoff.next('a', 11_000 + 600_001), 0);
  assert.equal(backoff.next('b', 0), 0);
});

test('durations read as Go prints them', () => {
  assert.deepEqual([10_000, 160_000, 300_000].map(goSeconds), ['10s', '2m40s', '5m0s']);
  assert.deepEqual([0, 850.4, 1200, 62_500].map(goDuration), ['0s', '850ms', '1.2s', '1m2.5s']);
});
