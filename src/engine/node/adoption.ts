import type { Pod } from '../kinds/index.ts';
import type { ContainerState as RuntimeState } from '../runtime/index.ts';
import { readAttempts, terminationPath } from './attempt-record.ts';
import { containersOf } from './pod-spec.ts';
import { type Attempt, type ContainerState, newContainerState } from './pod-state.ts';
import { containerLogPath, type Scope } from './scope.ts';
import { terminationMessage } from './termination-message.ts';

/** What an earlier engine left of a pod's containers: attempts from disk, brought up to date from the runtime. */
export async function findAttempts(
  scope: Scope,
  pod: Pod,
  states: readonly RuntimeState[],
): Promise<Map<string, ContainerState>> {
  const found = new Map<string, ContainerState>();
  const sandboxLost = !(await scope.options.runtime.sandboxes()).some(({ id }) => id === pod.metadata.uid);
  for (const { container, role } of containersOf(pod)) {
    const [kept, previous] = await readAttempts(scope, pod.metadata.uid, container.name);
    if (!kept) continue;
    const state = states.find(({ id }) => id === kept.id);
    const current = kept.exit ? kept : await bringUpToDate(scope, pod, container.name, kept, state);
    const told = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
      ({ name }) => name === container.name,
    );
    const running = current.exit === undefined;
    const base = { ...newContainerState(container.name, role), previous };
    // In a new sandbox init containers run again, so a pod that goes on begins from the start.
    const startsOver = sandboxLost && role !== 'ephemeral' && mayRunAgain(pod, current);
    found.set(
      container.name,
      startsOver
        ? { ...base, previous: current }
        : {
            ...base,
            current,
            hookDone: true,
            started: running && (told?.started ?? !container.startupProbe),
            ready: running && (told?.ready ?? !container.readinessProbe),
          },
    );
  }
  return found;
}

async function bringUpToDate(
  scope: Scope,
  pod: Pod,
  name: string,
  kept: Attempt,
  state: RuntimeState | undefined,
): Promise<Attempt> {
  if (state && state.state !== 'exited') return { ...kept, startedAtMs: state.startedAt ?? kept.startedAtMs };
  const container = containersOf(pod).find((place) => place.container.name === name)?.container;
  const exitCode = state?.exitCode ?? 137;
  const path = terminationPath(scope, pod.metadata.uid, name, kept.number);
  const message =
    container && state
      ? await terminationMessage(container, exitCode, path, containerLogPath(scope, pod, name, kept.number))
      : '';
  return {
    ...kept,
    startedAtMs: state?.startedAt ?? kept.startedAtMs,
    exit: {
      exitCode,
      reason: !state
        ? 'ContainerStatusUnknown'
        : state.outOfMemory
          ? 'OOMKilled'
          : exitCode === 0
            ? 'Completed'
            : 'Error',
      message: state
        ? message
        : 'The container could not be located when the pod was deleted.  The container used to be Running',
      finishedAtMs: state?.finishedAt ?? scope.context.clock.now(),
    },
  };
}

function mayRunAgain(pod: Pod, attempt: Attempt): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && attempt.exit?.exitCode !== 0);
}
