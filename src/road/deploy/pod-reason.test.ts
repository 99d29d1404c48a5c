import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Pod } from '../../engine/kinds/index.ts';
import { podReason } from './pod-reason.ts';

const pod = (status: object): Pod => ({ metadata: { name: 'shop-1' }, status }) as unknown as Pod;
const event = (reason: string, message: string, lastTimestamp: string, type = 'Warning'): Event =>
  ({ reason, message, lastTimestamp, type }) as unknown as Event;
const app = (fields: object): object => ({
  containerStatuses: [{ name: 'app', restartCount: 0, ready: false, ...fields }],
});

test('a pod that is ready, or leaving, keeps nobody waiting', () => {
  assert.equal(podReason(pod({ conditions: [{ type: 'Ready', status: 'True' }] }), []), undefined);
  const leaving = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: {} } as unknown as Pod;
  assert.equal(podReason(leaving, []), undefined);
});

test('what the scheduler says is told', () => {
  const conditions = [
    { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient memory.' },
  ];
  const reason = podReason(pod({ conditions }), []);
  assert.equal(reason?.text, 'not scheduled: 0/1 nodes are available: 1 Insufficient memory.');
});

test('an image that cannot be had is grave', () => {
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "shop:1"' };
  const reason = podReason(pod(app({ state: { waiting } })), []);
  assert.deepEqual(
    [reason?.text, reason?.grave],
    ['container app: ImagePullBackOff: Back-off pulling image "shop:1"', true],
  );
});

test('a crash names the exit code and points at the log of the run that crashed', () => {
  const crashed = { terminated: { exitCode: 3, reason: 'Error' } };
  const looping = app({ restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed });
  assert.deepEqual(podReason(pod(looping), []), {
    text: 'container app ended with exit code 3, restarted 2 times',
    grave: true,
    logs: { container: 'app', previous: true },
  });
  const first = podReason(pod(app({ state: crashed })), []);
  assert.deepEqual(first?.logs, { container: 'app', previous: false });
});

test('running out of memory is said in words', () => {
  const state = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
  assert.equal(podReason(pod(app({ state })), [])?.text, 'container app ran out of memory (OOMKilled)');
});

test('a failing probe of a running container is told from the newest event', () => {
  const events = [
    event('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', '2026-01-01T00:00:02Z'),
    event('Pulled', 'pulled', '2026-01-01T00:00:01Z', 'Normal'),
  ];
  const reason = podReason(pod(app({ state: { running: {} } })), events);
  assert.equal(reason?.text, 'Readiness probe failed: HTTP probe failed with statuscode: 503');
  assert.equal(podReason(pod(app({ state: { running: {} } })), [])?.text, 'started, not ready yet');
});
