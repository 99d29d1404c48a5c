import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../engine/kinds/index.ts';
import { workloadState } from './workload-state.ts';

const object = (kind: string, fields: object): KubeObject =>
  ({ apiVersion: 'x/v1', kind, metadata: { name: 'shop', generation: 2 }, ...fields }) as unknown as KubeObject;
const deployment = (status: object): string => {
  const state = workloadState(object('Deployment', { spec: { replicas: 2 }, status }));
  return state.is === 'ready' ? 'ready' : `${state.is}: ${state.reason}`;
};

test('a Deployment is ready when every replica is new, available and alone', () => {
  const done = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  assert.equal(deployment(done), 'ready');
  assert.equal(deployment({ ...done, observedGeneration: 1 }), 'waiting: not seen by its controller yet');
  assert.equal(deployment({ ...done, updatedReplicas: 1 }), 'waiting: 1 of 2 replicas are of the new version');
  assert.equal(deployment({ ...done, replicas: 3 }), 'waiting: 1 replicas of the old version remain');
  assert.equal(deployment({ ...done, availableReplicas: 1 }), 'waiting: 1 of 2 replicas are ready');
});

test('a Deployment past its deadline has failed', () => {
  const conditions = [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too slow' },
  ];
  assert.equal(deployment({ observedGeneration: 2, conditions }), 'failed: too slow');
});

test('a StatefulSet waits for its revision as well as for its pods', () => {
  const state = (status: object) => workloadState(object('StatefulSet', { spec: { replicas: 1 }, status })).is;
  const done = {
    observedGeneration: 2,
    readyReplicas: 1,
    updatedReplicas: 1,
    currentRevision: 'a',
    updateRevision: 'a',
  };
  assert.equal(state(done), 'ready');
  assert.equal(state({ ...done, readyReplicas: 0 }), 'waiting');
  assert.equal(state({ ...done, updatedReplicas: 0, updateRevision: 'b' }), 'waiting');
});

test('a Job is judged by its conditions', () => {
  const state = (type?: string) =>
    workloadState(
      object('Job', {
        status: type ? { conditions: [{ type, status: 'True', reason: 'R', message: 'm' }] } : { active: 1 },
      }),
    );
  assert.deepEqual(state('Complete'), { is: 'ready' });
  assert.deepEqual(state('Failed'), { is: 'failed', reason: 'R: m' });
  assert.deepEqual(state(), { is: 'waiting', reason: 'running' });
});
