import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UserError } from '../../base/index.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { LoadCount, LoadReport, RunningLoad } from '../load/index.ts';
import { proofText, startProof } from './proof.ts';

const good: LoadCount = {
  requests: 200,
  failed: 0,
  reasons: {},
  latency: { p50Ms: 1, p90Ms: 3, p99Ms: 5, maxMs: 9, meanMs: 2 },
  tookMs: 1000,
};
const slow: LoadCount = { ...good, latency: { p50Ms: 2000, p90Ms: 2100, p99Ms: 2200, maxMs: 2300, meanMs: 2000 } };
const failing: LoadCount = { ...good, failed: 100, reasons: { 500: 100 } };

/** A proof whose requests come out as `now` says. */
async function proving(now: { count: LoadCount }) {
  const clock = new FakeClock();
  const marks: string[] = [];
  const load: RunningLoad = {
    mark: (phase) => void marks.push(phase),
    recent: async () => now.count,
    stop: async () => ({
      ...now.count,
      url: '',
      ratePerSecond: 50,
      phases: [],
      seconds: [],
      failures: [],
      longestGapMs: 0,
      statuses: {},
    }),
  };
  const proof = await startProof({
    url: 'http://shop.localhost',
    paths: ['/'],
    ratePerSecond: 50,
    gates: {},
    clock,
    startLoad: async () => load,
    onProgress: () => {},
  });
  const { signal } = new AbortController();
  const baseline = proof.baseline(signal);
  await clock.advance(3_000);
  await baseline;
  const faults: UserError[] = [];
  proof.watch((fault) => faults.push(fault));
  return { clock, marks, proof, faults, signal };
}

describe('what requests show while a release runs', () => {
  test('one bad second is nobody’s fault, three in a row are told once', async () => {
    const now = { count: good };
    const { clock, faults } = await proving(now);
    now.count = failing;
    await clock.advance(2_000);
    now.count = good;
    await clock.advance(2_000);
    assert.deepEqual(faults, []);
    now.count = failing;
    await clock.advance(10_000);
    assert.deepEqual(
      faults.map(({ message }) => message),
      ['http://shop.localhost: 100 of 200 requests failed, mostly 500 (100); at most 1 % may'],
    );
  });

  test('slowness counts when no pod is starting', async () => {
    const now = { count: good };
    const { clock, faults, proof } = await proving(now);
    proof.starting(true);
    now.count = slow;
    await clock.advance(10_000);
    assert.equal(faults.length, 0);
    proof.starting(false);
    await clock.advance(10_000);
    assert.equal(faults.at(-1)?.fault, '99 % of the requests took up to 2200 ms; before it was 5 ms');
  });

  test('while nothing is meant to serve nobody looks', async () => {
    const now = { count: good };
    const { clock, faults, proof } = await proving(now);
    proof.rest();
    now.count = failing;
    await clock.advance(60_000);
    assert.deepEqual(faults, []);
  });

  test('afterwards a slow moment is given time to pass', async () => {
    const now = { count: slow };
    const first = await proving({ count: good });
    assert.deepEqual(first.marks, ['before']);
    const passing = await proving({ count: good });
    const ended = passing.proof.afterwards(passing.signal);
    await passing.clock.advance(3_000);
    await ended;
    const lasting = await proving(Object.assign(now, { count: good }));
    now.count = slow;
    const failed = assert.rejects(lasting.proof.afterwards(lasting.signal), /took up to 2200 ms/);
    await lasting.clock.advance(9_000);
    await failed;
  });
});

test('the count in words', () => {
  const phase = (name: string, p99Ms: number) => ({ ...good, name, latency: { ...slow.latency, p99Ms } });
  const report = {
    ...good,
    requests: 18_204,
    phases: [phase('before', 12.2), phase('during', 15), phase('after', 11)],
    longestGapMs: 8.4,
  } as unknown as LoadReport;
  assert.equal(
    proofText(report),
    '18 204 requests, 0 failed; p99 12 ms before, 15 ms during, 11 ms after; longest gap 8 ms',
  );
  assert.match(proofText({ ...report, failed: 2, reasons: { 503: 2 } }), /^18 204 requests, 2 failed \(503 ×2\);/);
});
