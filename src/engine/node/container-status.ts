import type { ContainerStatus, Pod, VolumeMountStatus } from '../kinds/index.ts';
import { type ContainerPlace, containersOf } from './pod-spec.ts';
import { type Attempt, type ContainerState, isRunning, type PodState } from './pod-state.ts';
import { apiTime } from './scope.ts';

/** The runtime's name in container ids. */
const ID_PREFIX = 'wherry://';

export interface ContainerStatuses {
  readonly init: ContainerStatus[];
  readonly app: ContainerStatus[];
  readonly ephemeral: ContainerStatus[];
}

export function containerStatuses(pod: Pod, state: PodState): ContainerStatuses {
  const lists: ContainerStatuses = { init: [], app: [], ephemeral: [] };
  for (const place of containersOf(pod)) {
    const status = containerStatus(pod, place, state);
    if (place.role === 'app') lists.app.push(status);
    else if (place.role === 'ephemeral') lists.ephemeral.push(status);
    else lists.init.push(status);
  }
  return lists;
}

function containerStatus(pod: Pod, place: ContainerPlace, podState: PodState): ContainerStatus {
  const { container, role } = place;
  const state = podState.containers.get(container.name);
  const running = isRunning(state) && (state?.hookDone || podState.ending !== undefined);
  // While an attempt is being made, the one before is still the newest to tell of.
  const current = state?.current;
  const status: ContainerStatus = {
    name: container.name,
    image: current?.image ?? container.image ?? '',
    imageID: current?.imageId ?? '',
    ready:
      role === 'init'
        ? current?.exit?.exitCode === 0
        : running && state?.started === true && state.ready && role !== 'ephemeral',
    restartCount: current?.number ?? (state?.previous ? state.previous.number : 0),
    started: running && role !== 'init' && state?.started === true && state.hookDone,
    ...(current ? { containerID: `${ID_PREFIX}${current.id}` } : {}),
  };
  if (role === 'ephemeral') delete status.started;
  Object.assign(status, stateAndLast(pod, state, podState));
  const mounts = mountStatuses(place);
  if (mounts.length > 0) status.volumeMounts = mounts;
  if (running && current) {
    const { uid, gid, additionalGids } = current.user;
    status.user = { linux: { uid, gid, supplementalGroups: [...additionalGids] } };
    if (role !== 'ephemeral') {
      status.resources = container.resources ?? {};
      if (container.resources?.requests) status.allocatedResources = container.resources.requests;
    }
    if (container.lifecycle?.stopSignal) status.stopSignal = container.lifecycle.stopSignal;
  }
  return status;
}

function stateAndLast(
  pod: Pod,
  state: ContainerState | undefined,
  podState: PodState,
): Required<Pick<ContainerStatus, 'state' | 'lastState'>> {
  const current = state?.current;
  const last = (attempt: Attempt | undefined) => (attempt?.exit ? { terminated: terminated(attempt) } : {});
  if (!current || !state) {
    if (podState.released) {
      // Never seen to run, and will not be any more.
      return {
        state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: LOST_MESSAGE } },
        lastState: {},
      };
    }
    const initial = {
      reason:
        (pod.spec.initContainers ?? []).length > 0 && !isEphemeral(state) ? 'PodInitializing' : 'ContainerCreating',
    };
    return { state: { waiting: state?.waiting ?? initial }, lastState: last(state?.previous) };
  }
  if (current.exit) {
    const { waiting } = state;
    if (waiting && !podState.ending) return { state: { waiting }, lastState: last(current) };
    return { state: { terminated: terminated(current) }, lastState: last(state.previous) };
  }
  // Not running to the eyes of others until its postStart hook has ended.
  if (current.startedAtMs === undefined || !(state.hookDone || podState.ending))
    return { state: { waiting: state.waiting ?? { reason: 'ContainerCreating' } }, lastState: last(state.previous) };
  return { state: { running: { startedAt: apiTime(current.startedAtMs) } }, lastState: last(state.previous) };
}

const LOST_MESSAGE = 'The container could not be located when the pod was terminated';

function isEphemeral(state: ContainerState | undefined): boolean {
  return state?.role === 'ephemeral';
}

function terminated(attempt: Attempt): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  const exit = attempt.exit;
  return {
    exitCode: exit?.exitCode ?? 0,
    reason: exit?.reason ?? 'Error',
    ...(exit?.message ? { message: exit.message } : {}),
    ...(attempt.startedAtMs === undefined ? {} : { startedAt: apiTime(attempt.startedAtMs) }),
    ...(exit ? { finishedAt: apiTime(exit.finishedAtMs) } : {}),
    containerID: `${ID_PREFIX}${attempt.id}`,
  };
}

function mountStatuses(place: ContainerPlace): VolumeMountStatus[] {
  return (place.container.volumeMounts ?? []).map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly
      ? { readOnly: true, recursiveReadOnly: mount.recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled' }
      : {}),
  }));
}
