import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Pod, PodSpec } from '../kinds/index.ts';
import { isRestarted, planPod } from './pod-plan.ts';
import { containerHash, containersOf } from './pod-spec.ts';
import { type Attempt, type ContainerState, newContainerState, type PodState } from './pod-state.ts';

const NOW = 1_000_000;

function podOf(spec: Partial<PodSpec>, more: { deleted?: boolean; phase?: string } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'default',
      uid: 'u',
      creationTimestamp: '',
      resourceVersion: '1',
      ...(more.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [container('a')], ...spec },
    status: more.phase ? { phase: more.phase } : {},
  };
}

function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'i', ...more };
}

const attempt = (name: string, exitCode?: number): Attempt => ({
  id: `u_${name}_0`,
  number: 0,
  specHash: containerHash(container(name)),
  image: 'i',
  imageId: '',
  createdAtMs: 1,
  startedAtMs: 2,
  user: { uid: 0, gid: 0, additionalGids: [] },
  exit: exitCode === undefined ? undefined : { exitCode, reason: '', message: '', finishedAtMs: 3 },
});

const running: Partial<ContainerState> = { hookDone: true, started: true, ready: true };

/** States by container: a number is an exit code, `up` runs. */
function stateOf(
  pod: Pod,
  containers: Record<string, 'up' | number | Partial<ContainerState>>,
  more: Partial<PodState> = {},
): PodState {
  const states = containersOf(pod).map(({ container: { name }, role }): [string, ContainerState] => {
    const said = containers[name];
    const fresh = newContainerState(name, role);
    if (said === undefined) return [name, fresh];
    if (said === 'up') return [name, { ...fresh, ...running, current: attempt(name) }];
    if (typeof said === 'number') return [name, { ...fresh, current: attempt(name, said) }];
    return [name, { ...fresh, ...running, current: attempt(name), ...said }];
  });
  return {
    containers: new Map(states),
    sandbox: 'ready',
    prepareAtMs: undefined,
    address: undefined,
    startedAtMs: NOW,
    ending: undefined,
    released: false,
    finished: false,
    ...more,
  };
}

/** Actions as words: `start a`, `stop b`, `end completed`, `prepare`. */
function plan(pod: Pod, containers: Parameters<typeof stateOf>[1], more: Partial<PodState> = {}): string[] {
  return planPod(pod, stateOf(pod, containers, more), NOW).actions.map((action) => {
    if (action.type === 'end') return `end ${action.ending.cause}`;
    return 'name' in action ? `${action.type} ${action.name}` : action.type;
  });
}

describe('the plan of a pod', () => {
  const two = podOf({ containers: [container('a'), container('b')] });

  test('prepares first, once, and not before its time after a failure', () => {
    assert.deepEqual(plan(two, {}, { sandbox: 'absent' }), ['prepare']);
    assert.deepEqual(plan(two, {}, { sandbox: 'preparing' }), []);
    const later = planPod(two, stateOf(two, {}, { sandbox: 'absent', prepareAtMs: NOW + 5 }), NOW);
    assert.deepEqual(later, { actions: [], wakeAtMs: NOW + 5 });
  });

  test('starts all containers at once', () => assert.deepEqual(plan(two, {}), ['start a', 'start b']));

  test('leaves alone what has a task at work', () =>
    assert.deepEqual(plan(two, { a: { task: 'starting' } }), ['start b']));

  test('holds back the containers after one whose postStart hook has not ended', () => {
    const hook = { lifecycle: { postStart: { sleep: { seconds: 1 } } } };
    const pod = podOf({ containers: [container('a', hook), container('b')] });
    assert.deepEqual(plan(pod, {}), ['start a']);
    assert.deepEqual(plan(pod, { a: { task: 'starting', hookDone: false } }), []);
    assert.deepEqual(plan(pod, { a: 'up' }), ['start b']);
  });

  test('starts a failed container again when its back-off is over', () => {
    assert.deepEqual(plan(two, { a: 1, b: 'up' }), ['start a']);
    const state = stateOf(two, { a: { current: attempt('a', 1), retryAtMs: NOW + 10_000 }, b: 'up' });
    assert.deepEqual(planPod(two, state, NOW), { actions: [], wakeAtMs: NOW + 10_000 });
  });

  test('lets a pod that never restarts end when all have ended', () => {
    const pod = podOf({ restartPolicy: 'Never', containers: [container('a'), container('b')] });
    assert.deepEqual(plan(pod, { a: 0, b: 'up' }), []);
    assert.deepEqual(plan(pod, { a: 0, b: 1 }), ['end completed']);
  });

  test('restarts only failures with OnFailure', () => {
    const pod = podOf({ restartPolicy: 'OnFailure', containers: [container('a'), container('b')] });
    assert.deepEqual(plan(pod, { a: 0, b: 1 }), ['start b']);
    assert.deepEqual(plan(pod, { a: 0, b: 0 }), ['end completed']);
  });

  test('runs init containers one after the other, then the others', () => {
    const pod = podOf({ initContainers: [container('i'), container('j')] });
    assert.deepEqual(plan(pod, {}), ['start i']);
    assert.deepEqual(plan(pod, { i: 'up' }), []);
    assert.deepEqual(plan(pod, { i: 0 }), ['start j']);
    assert.deepEqual(plan(pod, { i: 0, j: 0 }), ['start a']);
    assert.deepEqual(plan(pod, { i: 1 }), ['start i']);
  });

  test('gives up when an init container failed for good, but not once the others have run', () => {
    const pod = podOf({ restartPolicy: 'Never', initContainers: [container('i')] });
    assert.deepEqual(plan(pod, { i: 1 }), ['end completed']);
    assert.deepEqual(plan(pod, { i: 1, a: 'up' }), []);
  });

  test('waits for a sidecar to have started, and keeps it running', () => {
    const sidecar = container('s', { restartPolicy: 'Always' });
    const pod = podOf({ restartPolicy: 'Never', initContainers: [sidecar, container('i')] });
    assert.deepEqual(plan(pod, {}), ['start s']);
    assert.deepEqual(plan(pod, { s: { started: false } }), []);
    assert.deepEqual(plan(pod, { s: 'up' }), ['start i']);
    assert.deepEqual(plan(pod, { s: 0, i: 0, a: 'up' }), ['start s']);
    assert.deepEqual(plan(pod, { s: 'up', i: 0, a: 0 }), ['end completed']);
  });

  test('replaces a container whose image changed or whose probe failed', () => {
    assert.deepEqual(plan(two, { a: { current: { ...attempt('a'), specHash: 'old' } }, b: 'up' }), ['stop a']);
    const unhealthy = { probe: 'liveness' as const, gracePeriodSeconds: 3 };
    const [action] = planPod(two, stateOf(two, { a: { unhealthy }, b: 'up' }), NOW).actions;
    assert.deepEqual(action, {
      type: 'stop',
      name: 'a',
      message: 'Container a failed liveness probe, will be restarted',
      gracePeriodSeconds: 3,
    });
  });

  test('starts ephemeral containers in a running pod, once', () => {
    const pod = podOf({ ephemeralContainers: [container('d')] });
    assert.deepEqual(plan(pod, { a: 'up' }), ['start d']);
    assert.deepEqual(plan(pod, { a: 'up', d: 0 }), []);
  });

  test('ends a pod that is deleted, past its deadline, or over already', () => {
    assert.deepEqual(plan(podOf({}, { deleted: true }), { a: 'up' }), ['end deleted']);
    assert.deepEqual(plan(podOf({ activeDeadlineSeconds: 5 }), { a: 'up' }, { startedAtMs: NOW - 5000 }), [
      'end deadline',
    ]);
    assert.deepEqual(plan(podOf({}, { phase: 'Failed' }), {}), ['end completed']);
    const early = planPod(podOf({ activeDeadlineSeconds: 5 }), stateOf(podOf({}), { a: 'up' }), NOW);
    assert.deepEqual(early, { actions: [], wakeAtMs: NOW + 5000 });
  });

  test('of a pod that ends stops what lives, then cleans up, then does nothing', () => {
    const ending = { cause: 'deleted' as const };
    assert.deepEqual(plan(two, { a: 'up', b: 0 }, { ending }), ['stop a']);
    assert.deepEqual(plan(two, { a: { task: 'stopping' }, b: 0 }, { ending }), []);
    assert.deepEqual(plan(two, { a: 0, b: 0 }, { ending }), ['cleanUp']);
    assert.deepEqual(plan(two, { a: 0, b: 0 }, { ending, sandbox: 'preparing' }), []);
    assert.deepEqual(plan(two, {}, { ending, sandbox: 'removed', finished: true }), []);
  });

  test('follows the rules and policies of single containers', () => {
    const rule = (operator: string) => ({
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values: [42] } }],
    });
    const place = (more: Partial<Container>) => ({ container: container('a', more), role: 'app' as const });
    const never = podOf({ restartPolicy: 'Never' });
    assert.equal(isRestarted(never, place(rule('In')), 42), true);
    assert.equal(isRestarted(never, place(rule('In')), 1), false);
    assert.equal(isRestarted(never, place(rule('NotIn')), 1), true);
    assert.equal(isRestarted(never, place({ restartPolicy: 'OnFailure' }), 1), true);
    assert.equal(isRestarted(podOf({}), place({ restartPolicy: 'Never' }), 1), false);
  });
});
