import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listeningIn, refusalOf, refusedPort } from './refused.ts';

const HEADINGS = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (local: string, state: string): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0`;
const tables = (...rows: string[]): string => [HEADINGS, ...rows, HEADINGS].join('\n');

test('the port that was refused is read from what a probe says', () => {
  const get = 'Startup probe failed: Get "http://10.1.0.7:8080/": dial tcp 10.1.0.7:8080: connect: connection refused';
  assert.equal(refusedPort(get), 8080);
  assert.equal(refusedPort('Readiness probe failed: dial tcp [fd00::7]:3000: connect: connection refused'), 3000);
  assert.equal(refusedPort('Readiness probe failed: HTTP probe failed with statuscode: 500'), undefined);
});

test('only listening sockets count, and one open to all outweighs one of localhost on the same port', () => {
  const text = tables(
    row('0100007F:1F90', '0A'),
    row('0700010A:26AA', '01'),
    row('00000000:26AA', '0A'),
    row('00000000000000000000000001000000:0BB8', '0A'),
    row('00000000000000000000000000000000:1F90', '0A'),
  );
  assert.deepEqual(listeningIn(text), [
    { port: 3000, loopback: true },
    { port: 8080, loopback: false },
    { port: 9898, loopback: false },
  ]);
});

test('an app that listens on another port is told which, with the line that mends it', () => {
  const refusal = refusalOf(8080, [{ port: 9898, loopback: false }]);
  assert.match(refusal.text, /nothing listens on port 8080, .*; it listens on port 9898$/);
  assert.match(refusal.wayOut, /wherry\.yaml \(port: 9898\)/);
  assert.equal(refusal.certain, true);
});

test('an app that listens on localhost is told so', () => {
  const refusal = refusalOf(3000, [{ port: 3000, loopback: true }]);
  assert.match(refusal.text, /port 3000 of localhost only/);
  assert.match(refusal.wayOut, /0\.0\.0\.0/);
  assert.equal(refusal.certain, true);
});

test('an app that listens on nothing yet may still come, and so may one that cannot be looked into', () => {
  assert.match(refusalOf(3000, []).text, /listens on no port yet/);
  assert.equal(refusalOf(3000, []).certain, false);
  assert.match(refusalOf(3000, undefined).wayOut, /port: 3000/);
  assert.equal(refusalOf(3000, undefined).certain, false);
});
