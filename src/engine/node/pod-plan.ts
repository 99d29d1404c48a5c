import type { Container, Pod } from '../kinds/index.ts';
import { type ContainerPlace, containerHash, containersOf, isTerminalPhase } from './pod-spec.ts';
import { type ContainerState, type Ending, isAlive, isRunning, type PodState } from './pod-state.ts';

export type Action =
  /** Make namespaces, address and volumes. */
  | { readonly type: 'prepare' }
  | { readonly type: 'start'; readonly name: string }
  | {
      readonly type: 'stop';
      readonly name: string;
      /** The Killing event's text. */
      readonly message: string;
      readonly gracePeriodSeconds?: number;
    }
  /** From now on every container is to be stopped and none started. */
  | { readonly type: 'end'; readonly ending: Ending }
  /** All containers have ended: give back sandbox, address, volumes. */
  | { readonly type: 'cleanUp' };

export interface Plan {
  readonly actions: readonly Action[];
  /** When time alone will change the plan, milliseconds since 1970. */
  readonly wakeAtMs: number | undefined;
}

export const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline';

/**
 * What to do next for a pod, from its spec and what is so. Pure; follows upstream's computePodActions and
 * computeInitContainerActions. Containers with a task at work are left alone.
 */
export function planPod(pod: Pod, state: PodState, nowMs: number): Plan {
  if (state.finished) return { actions: [], wakeAtMs: undefined };
  if (state.ending) return planEnding(pod, state);
  if (pod.metadata.deletionTimestamp) return ending({ cause: 'deleted' });
  if (isTerminalPhase(pod.status?.phase)) return ending({ cause: 'completed' });
  const deadlineSeconds = pod.spec.activeDeadlineSeconds;
  const deadlineAtMs = deadlineSeconds === undefined ? undefined : state.startedAtMs + deadlineSeconds * 1000;
  if (deadlineAtMs !== undefined && nowMs >= deadlineAtMs) {
    return ending({ cause: 'deadline', reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE });
  }
  const turn = new Turn(pod, state, nowMs);
  if (deadlineAtMs !== undefined) turn.wakeAt(deadlineAtMs);
  turn.run();
  return turn.plan();
}

/** Whether a container that ended with `exitCode` runs again: its own rules, its own policy, then the pod's. */
export function isRestarted(pod: Pod, place: ContainerPlace, exitCode: number): boolean {
  const { container, role } = place;
  if (role === 'ephemeral') return false;
  if (role === 'sidecar') return true;
  if (matchesRestartRule(container, exitCode)) return true;
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  // An init container that has succeeded is done, whatever the pod's policy.
  if (role === 'init' && exitCode === 0) return false;
  if (policy === 'Always') return true;
  return policy === 'OnFailure' && exitCode !== 0;
}

function matchesRestartRule(container: Container, exitCode: number): boolean {
  return (container.restartPolicyRules ?? []).some(({ exitCodes }) => {
    if (!exitCodes) return false;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    return exitCodes.operator === 'In' ? listed : !listed;
  });
}

function ending(cause: Ending): Plan {
  return { actions: [{ type: 'end', ending: cause }], wakeAtMs: undefined };
}

/** Stops all that lives, each at its turn: sidecars in reverse order after everything else. */
function planEnding(pod: Pod, state: PodState): Plan {
  const states = containersOf(pod).map((place) => state.containers.get(place.container.name));
  const alive = states.filter((container) => isAlive(container) || container?.task !== undefined);
  if (alive.length === 0) {
    const busy = state.sandbox === 'preparing' || state.sandbox === 'removing';
    return { actions: busy ? [] : [{ type: 'cleanUp' }], wakeAtMs: undefined };
  }
  const actions = alive
    .filter((container): container is ContainerState => isAlive(container) && container?.task === undefined)
    .map(
      (container): Action => ({ type: 'stop', name: container.name, message: `Stopping container ${container.name}` }),
    );
  return { actions, wakeAtMs: undefined };
}

/** One pass over the containers of a pod that is to run. */
class Turn {
  readonly #pod: Pod;
  readonly #state: PodState;
  readonly #nowMs: number;
  readonly #actions: Action[] = [];
  #wakeAtMs: number | undefined;

  constructor(pod: Pod, state: PodState, nowMs: number) {
    this.#pod = pod;
    this.#state = state;
    this.#nowMs = nowMs;
  }

  plan(): Plan {
    return { actions: this.#actions, wakeAtMs: this.#wakeAtMs };
  }

  wakeAt(timeMs: number): void {
    if (timeMs > this.#nowMs) this.#wakeAtMs = Math.min(timeMs, this.#wakeAtMs ?? Number.POSITIVE_INFINITY);
  }

  run(): void {
    const places = containersOf(this.#pod);
    const apps = places.filter((place) => place.role === 'app');
    const inits = places.filter((place) => place.role === 'init' || place.role === 'sidecar');
    const verdict = this.#verdict(apps, inits);
    if (verdict) {
      this.#actions.push({ type: 'end', ending: verdict });
      return;
    }
    if (this.#state.sandbox !== 'ready') {
      if (this.#state.sandbox === 'absent') this.#prepare();
      return;
    }
    for (const place of places.filter(({ role }) => role === 'ephemeral')) {
      if (!this.#of(place)?.current) this.#start(place);
    }
    const initialized = this.#isInitialized(apps);
    if (!this.#runInits(inits, initialized)) return;
    for (const place of apps) {
      this.#keepRunning(place);
      // A postStart hook holds back the containers after it.
      const state = this.#of(place);
      if (place.container.lifecycle?.postStart && !state?.hookDone && state?.current === undefined) return;
      if (state?.task === 'starting' && place.container.lifecycle?.postStart) return;
    }
  }

  /** Why the pod is over, if it is: every app container has ended for good, or an init container failed for good. */
  #verdict(apps: readonly ContainerPlace[], inits: readonly ContainerPlace[]): Ending | undefined {
    const overForGood = (place: ContainerPlace): boolean => {
      const state = this.#of(place);
      const exit = state?.current?.exit;
      return exit !== undefined && state?.task === undefined && !isRestarted(this.#pod, place, exit.exitCode);
    };
    if (apps.every(overForGood)) return { cause: 'completed' };
    const failed = inits.some(
      (place) => place.role === 'init' && overForGood(place) && this.#of(place)?.current?.exit?.exitCode !== 0,
    );
    return failed && !this.#isInitialized(apps) ? { cause: 'completed' } : undefined;
  }

  #prepare(): void {
    const { prepareAtMs } = this.#state;
    if (prepareAtMs !== undefined && prepareAtMs > this.#nowMs) this.wakeAt(prepareAtMs);
    else this.#actions.push({ type: 'prepare' });
  }

  /** Upstream's podHasInitialized: once an app container has been made, init containers are not looked at again. */
  #isInitialized(apps: readonly ContainerPlace[]): boolean {
    return apps.some((place) => this.#of(place)?.current !== undefined);
  }

  /** True when the app containers may run. */
  #runInits(inits: readonly ContainerPlace[], initialized: boolean): boolean {
    for (const place of inits) {
      const state = this.#of(place);
      if (place.role === 'sidecar') {
        this.#keepRunning(place);
        if (!initialized && !(isRunning(state) && state?.hookDone && state.started)) return false;
      } else if (!initialized && state?.current?.exit?.exitCode !== 0) {
        this.#keepRunning(place);
        return false;
      }
    }
    return true;
  }

  #keepRunning(place: ContainerPlace): void {
    const state = this.#of(place);
    if (state?.task) return;
    const current = state?.current;
    if (!state || !current) {
      this.#start(place);
    } else if (current.exit) {
      if (isRestarted(this.#pod, place, current.exit.exitCode)) this.#start(place);
    } else {
      this.#replaceIfNeeded(place, state);
    }
  }

  #replaceIfNeeded(place: ContainerPlace, state: ContainerState): void {
    const { name } = place.container;
    const changed = state.current?.specHash !== containerHash(place.container);
    if (changed) {
      this.#actions.push({ type: 'stop', name, message: `Container ${name} definition changed, will be restarted` });
    } else if (state.unhealthy) {
      const { probe, gracePeriodSeconds } = state.unhealthy;
      this.#actions.push({
        type: 'stop',
        name,
        message: `Container ${name} failed ${probe} probe, will be restarted`,
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      });
    }
  }

  #start(place: ContainerPlace): void {
    const state = this.#of(place);
    if (state?.task) return;
    if (state?.retryAtMs !== undefined && state.retryAtMs > this.#nowMs) this.wakeAt(state.retryAtMs);
    else this.#actions.push({ type: 'start', name: place.container.name });
  }

  #of(place: ContainerPlace): ContainerState | undefined {
    return this.#state.containers.get(place.container.name);
  }
}
