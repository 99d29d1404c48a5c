import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadReport } from './contract.ts';
import { plotOf } from './plot.ts';
import { loadSummary, loadText } from './text.ts';

const report: LoadReport = {
  url: 'http://shop.localhost/?a=1&b=<2>',
  ratePerSecond: 100,
  requests: 18_204,
  failed: 3,
  retried: 1,
  reasons: { 503: 2, ECONNREFUSED: 1 },
  latency: { p50Ms: 1.24, p90Ms: 9.4, p99Ms: 151.2, maxMs: 2310, meanMs: 3 },
  tookMs: 182_040,
  phases: [
    { name: 'before', requests: 100, failed: 0, reasons: {}, latency: undefined, tookMs: 1000 },
    { name: 'during <x>', requests: 100, failed: 3, reasons: {}, latency: undefined, tookMs: 1000 },
  ],
  seconds: [
    { second: 0, requests: 100, failed: 0, p50Ms: 1, p99Ms: 4 },
    { second: 2, requests: 104, failed: 3, p50Ms: 2, p99Ms: 900 },
  ],
  failures: [{ atMs: 2340, path: '/users', reason: '503' }],
  longestGapMs: 1530,
  statuses: { 200: 18_201, 503: 2 },
  distribution: [
    { upToMs: 1, count: 0 },
    { upToMs: 2, count: 18_000 },
    { upToMs: undefined, count: 204 },
  ],
};

test('a report tells counts, latency, its distribution, answers, the gap and each kind of failure', () => {
  const lines = loadText(report);
  assert.equal(lines[0], '18 204 requests in 182.0 s (100/s), 3 failed');
  assert.match(lines[1] ?? '', /p50 1\.2 ms, p90 9\.4 ms, p99 151 ms, max 2\.31 s, mean 3 ms/);
  assert.match(lines[2] ?? '', /^ {2}to 2 ms {4}█{40} {3}18 000 {2}99 %$/);
  assert.match(lines[3] ?? '', /^ {2}more {7}█ +204 {2}1 %$/);
  assert.deepEqual(lines.slice(4), [
    'answers 200: 18 201, 503: 2',
    'longest time without a good answer 1.53 s',
    '1 request was sent twice: the server had closed the idle connection',
    'failed 2: 503',
    'failed 1: ECONNREFUSED',
    '  at 2.34 s /users: 503',
    '  and 2 more',
  ]);
  assert.equal(loadSummary(report), '18 204 requests, 3 failed, p99 151 ms');
});

test('nothing answered has no latency and no bars', () => {
  const { latency: _, ...rest } = report;
  const lines = loadText({ ...rest, latency: undefined, statuses: {}, failures: [] });
  assert.ok(!lines.some((line) => /latency|█|answers/.test(line)));
});

test('the plot is well-formed, has every second once, names the phases and escapes what it is given', () => {
  const svg = plotOf(report);
  assert.equal(svg.match(/<(rect|text|line|polyline)\b/g)?.length, svg.match(/<\/text>|\/>/g)?.length);
  assert.equal(svg.match(/fill="#2e7d32"\/>/g)?.length, 3, 'two seconds and the legend');
  assert.equal(svg.match(/fill="#c62828"\/>/g)?.length, 2, 'one second and the legend');
  assert.ok(svg.includes('>before<') && svg.includes('during &#60;x&#62;') && svg.includes('b=&#60;2&#62;'));
  assert.ok(!/NaN|undefined|Infinity/.test(svg));
  assert.ok(!/NaN|undefined|Infinity/.test(plotOf({ ...report, seconds: [], phases: [] })));
});
