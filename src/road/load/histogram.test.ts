import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';

test('every percentile is within 1.6 % of the exact one, over eight decades', () => {
  const histogram = new Histogram();
  const values: number[] = [];
  let seed = 7;
  for (let index = 0; index < 20_000; index++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const value = 0.01 * 10 ** (7 * (seed / 2_147_483_647));
    values.push(value);
    histogram.add(value);
  }
  values.sort((a, b) => a - b);
  for (const part of [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = values[Math.ceil(part * values.length) - 1] ?? 0;
    const told = histogram.percentileMs(part);
    assert.ok(Math.abs(told - exact) <= exact * 0.017 + 0.002, `${part}: ${told} for ${exact}`);
  }
  assert.equal(histogram.maxMs, values.at(-1));
});

test('two put together equal one that counted everything', () => {
  const [one, other, all] = [new Histogram(), new Histogram(), new Histogram()];
  for (let value = 1; value <= 1000; value++) {
    (value % 3 === 0 ? one : other).add(value);
    all.add(value);
  }
  one.merge(other);
  assert.equal(one.count, 1000);
  assert.equal(one.meanMs, 500.5);
  for (const part of [0.1, 0.5, 0.99]) assert.equal(one.percentileMs(part), all.percentileMs(part));
});

test('an empty one has no latency, and what is beyond its range counts as its end', () => {
  const histogram = new Histogram();
  assert.equal(histogram.percentileMs(0.5), 0);
  histogram.add(5e9);
  assert.equal(histogram.count, 1);
  assert.equal(histogram.maxMs, 5e9);
  assert.ok(histogram.percentileMs(0.5) <= 1.1e6);
});

test('spans count every value once', () => {
  const histogram = new Histogram();
  for (const value of [0.4, 3, 3, 70, 9000]) histogram.add(value);
  assert.deepEqual(
    histogram.spans([1, 5, 100, Number.POSITIVE_INFINITY]).map(({ count }) => count),
    [1, 2, 1, 1],
  );
});
