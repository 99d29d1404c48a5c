import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerStatus, Pod, PodSpec } from '../kinds/index.ts';
import { podPhase } from './phase.ts';
import { containersOf } from './pod-spec.ts';
import { newContainerState, type PodState } from './pod-state.ts';
import { podStatus } from './status.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const podOf = (spec: Partial<PodSpec> = {}, status: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u', creationTimestamp: '', resourceVersion: '1', generation: 3 },
  spec: { containers: [{ name: 'a' }], ...spec },
  status: status ?? {},
});
const fresh = (pod: Pod, more: Partial<PodState> = {}): PodState => ({
  containers: new Map(
    containersOf(pod).map(({ container, role }) => [container.name, newContainerState(container.name, role)]),
  ),
  sandbox: 'absent',
  prepareAtMs: undefined,
  address: undefined,
  startedAtMs: NOW,
  ending: undefined,
  released: false,
  finished: false,
  ...more,
});

describe('the status of a pod', () => {
  test('tells at first that its containers are being created', () => {
    const pod = podOf();
    const status = podStatus(pod, fresh(pod), '10.0.0.1', NOW);
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(status.containerStatuses?.[0]?.state, { waiting: { reason: 'ContainerCreating' } });
    assert.deepEqual(
      status.conditions?.map(({ type, status: is, reason = '', message = '' }) => [type, is, reason, message]),
      [
        ['PodReadyToStartContainers', 'False', '', ''],
        ['Initialized', 'True', '', ''],
        ['Ready', 'False', 'ContainersNotReady', 'containers with unready status: [a]'],
        ['ContainersReady', 'False', 'ContainersNotReady', 'containers with unready status: [a]'],
        ['PodScheduled', 'True', '', ''],
      ],
    );
    assert.equal(status.observedGeneration, 3);
    assert.equal(status.startTime, '2026-11-20T12:00:00Z');
    assert.equal(status.qosClass, 'BestEffort');
  });

  test('with init containers tells that it is initializing', () => {
    const pod = podOf({ initContainers: [{ name: 'i' }] });
    const status = podStatus(pod, fresh(pod), '10.0.0.1', NOW);
    assert.equal(status.containerStatuses?.[0]?.state?.waiting?.reason, 'PodInitializing');
    assert.equal(
      status.conditions?.find(({ type }) => type === 'Initialized')?.message,
      'containers with incomplete status: [i]',
    );
  });

  test('keeps the times of conditions that stay, and conditions of others', () => {
    const pod = podOf(
      {},
      {
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: 'then' },
          { type: 'mine', status: 'True' },
        ],
      },
    );
    const { conditions = [] } = podStatus(pod, fresh(pod), '10.0.0.1', NOW);
    assert.equal(conditions.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime, 'then');
    assert.ok(conditions.some(({ type }) => type === 'mine'));
  });

  test('of a pod that ended under an earlier engine stays as it is', () => {
    const pod = podOf({}, { phase: 'Succeeded', containerStatuses: [] });
    assert.equal(podStatus(pod, fresh(pod), '10.0.0.1', NOW), pod.status);
  });

  test('of a pod deleted before its containers ran says they were never found', () => {
    const pod = podOf();
    const status = podStatus(
      pod,
      fresh(pod, { ending: { cause: 'deleted' }, released: true, sandbox: 'removing' }),
      '10.0.0.1',
      NOW,
    );
    assert.equal(status.phase, 'Failed');
    assert.deepEqual(
      [
        status.containerStatuses?.[0]?.state?.terminated?.reason,
        status.containerStatuses?.[0]?.state?.terminated?.exitCode,
      ],
      ['ContainerStatusUnknown', 137],
    );
  });
});

describe('the phase of a pod', () => {
  const status = (
    name: string,
    state: ContainerStatus['state'],
    lastState: ContainerStatus['lastState'] = {},
  ): ContainerStatus => ({
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    ...(state ? { state } : {}),
    lastState,
  });
  const up = { running: {} };
  const exit = (exitCode: number) => ({ terminated: { exitCode } });
  const backOff = { waiting: { reason: 'CrashLoopBackOff' } };
  const phase = (restartPolicy: string, app: ContainerStatus[], over = false) =>
    podPhase(
      podOf({ restartPolicy, containers: app.map(({ name }) => ({ name })) }),
      { init: [], app, ephemeral: [] },
      over,
      true,
    );

  test('follows the states of its containers and the restart policy', () => {
    assert.equal(phase('Always', [status('a', up), status('b', exit(1))]), 'Running');
    assert.equal(phase('Always', [status('a', exit(0))]), 'Running');
    assert.equal(phase('Never', [status('a', exit(0)), status('b', exit(0))]), 'Succeeded');
    assert.equal(phase('Never', [status('a', exit(0)), status('b', exit(2))]), 'Failed');
    assert.equal(phase('OnFailure', [status('a', exit(2))]), 'Running');
    assert.equal(phase('Always', [status('a', backOff, exit(1))]), 'Running');
    assert.equal(phase('Always', [status('a', up), status('b', { waiting: { reason: 'ErrImagePull' } })]), 'Pending');
  });

  test('is terminal for a pod that is over', () => {
    assert.equal(phase('Always', [status('a', exit(0))], true), 'Succeeded');
    assert.equal(phase('Always', [status('a', exit(137))], true), 'Failed');
  });
});
