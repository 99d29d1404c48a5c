import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadCount } from '../load/index.ts';
import { errorFault, latencyFault } from './gates.ts';

const count = (requests: number, failed: number, p99Ms = 10): LoadCount => ({
  requests,
  failed,
  reasons: failed > 0 ? { 503: failed } : {},
  latency: { p50Ms: 1, p90Ms: 5, p99Ms, maxMs: p99Ms, meanMs: 2 },
  tookMs: 1000,
});

test('no traffic is not a failure, nor is a single failed request of few', () => {
  assert.equal(errorFault(count(0, 0), undefined, {}), undefined);
  assert.equal(errorFault(count(10, 10), undefined, {}), undefined);
  assert.equal(errorFault(count(30, 1), undefined, {}), undefined);
  assert.equal(latencyFault(count(10, 0, 60_000), count(100, 0, 1), {}), undefined);
});

test('one per cent of errors may be; what is more is told with the reason', () => {
  assert.equal(errorFault(count(1000, 10), undefined, {}), undefined);
  assert.equal(
    errorFault(count(1000, 11), undefined, {}),
    '11 of 1000 requests failed, mostly 503 (11); at most 1 % may',
  );
  assert.equal(errorFault(count(1000, 40), undefined, { errorPercentMax: 5 }), undefined);
});

test('a version that mends a bad one must only not be worse', () => {
  assert.equal(errorFault(count(1000, 300), count(1000, 300), {}), undefined);
  assert.equal(
    errorFault(count(1000, 320), count(1000, 300), {}),
    '320 of 1000 requests failed, mostly 503 (320); at most 31 % may',
  );
});

test('latency is bound where asked, else by five times what it was, and a second', () => {
  assert.equal(latencyFault(count(1000, 0, 900), count(1000, 0, 5), {}), undefined);
  assert.equal(
    latencyFault(count(1000, 0, 2500), count(1000, 0, 5), {}),
    '99 % of the requests took up to 2500 ms; before it was 5 ms',
  );
  assert.equal(latencyFault(count(1000, 0, 2500), count(1000, 0, 600), {}), undefined);
  assert.equal(latencyFault(count(1000, 0, 2500), undefined, {}), undefined);
  assert.equal(
    latencyFault(count(1000, 0, 120), undefined, { latencyP99MsMax: 100 }),
    '99 % of the requests took up to 120 ms; at most 100 ms are allowed',
  );
});
