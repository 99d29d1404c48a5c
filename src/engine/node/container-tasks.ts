import { rm } from 'node:fs/promises';
import { messageOf } from '../../base/index.ts';
import type { Image } from '../images/index.ts';
import type { ContainerState as RuntimeState } from '../runtime/index.ts';
import { forgetAttemptsBefore, parseAttemptId, terminationPath, writeAttempt } from './attempt-record.ts';
import { startContainer } from './container-start.ts';
import { SHORTEST_GRACE_MS, stopContainer } from './container-stop.ts';
import { ConfigError } from './environment.ts';
import { Grace } from './grace.ts';
import { HOLLOW_IMAGE } from './hollow.ts';
import { ImageError, type ImagePuller } from './image-pull.ts';
import { runHook } from './lifecycle-hook.ts';
import { LogRotation } from './log-rotation.ts';
import { type PodCore, PodEnds } from './pod-core.ts';
import { isRestarted } from './pod-plan.ts';
import { SandboxError } from './pod-prepare.ts';
import type { PodProbes } from './pod-probes.ts';
import { type ContainerPlace, containerPath, containersOf, findContainer } from './pod-spec.ts';
import { type Attempt, type ContainerState, type Exit, isRunning } from './pod-state.ts';
import { goSeconds, RestartBackoff } from './restart-backoff.ts';
import { containerLogPath } from './scope.ts';
import { terminationMessage } from './termination-message.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

const CONFIG_RETRY_MS = 10_000;
/** How long a failed pull is shown as such before it is shown as the back-off it leads to. */
const PULL_FAILURE_SHOWN_MS = 1000;

/** Starts and stops the containers of one pod and takes note of their ends. At most one task a container at a time. */
export class ContainerTasks {
  readonly #core: PodCore;
  readonly #probes: PodProbes;
  readonly #volumes: PodVolumes;
  readonly #puller: ImagePuller;
  readonly #restarts = new RestartBackoff();
  readonly #images = new Map<string, Image>();
  readonly #rotations = new Map<string, LogRotation>();
  readonly #graces = new Set<Grace>();

  constructor(core: PodCore, probes: PodProbes, volumes: PodVolumes, puller: ImagePuller) {
    this.#core = core;
    this.#probes = probes;
    this.#volumes = volumes;
    this.#puller = puller;
  }

  /** Watches over a container that runs: its probes, its log. */
  watch(state: ContainerState, alreadyStarted: boolean): void {
    const { scope, pod } = this.#core;
    this.#probes.begin(state, alreadyStarted);
    if (scope.hollow || !state.current) return;
    this.#rotations.get(state.name)?.stop();
    const path = containerLogPath(scope, pod, state.name, state.current.number);
    this.#rotations.set(state.name, new LogRotation(path, scope.context.clock, scope.context.log));
  }

  /** Lets go of what is watched; containers run on. */
  stop(): void {
    for (const rotation of this.#rotations.values()) rotation.stop();
    this.#rotations.clear();
  }

  async start(name: string): Promise<void> {
    const core = this.#core;
    const place = findContainer(core.pod, name);
    const state = core.container(name);
    if (!place || !state) return;
    const last = state.current ?? state.previous;
    const target = place.container.targetContainerName;
    try {
      const image = await core.unlessEnded(
        core.scope.hollow ? Promise.resolve(HOLLOW_IMAGE) : this.#puller.ensure(core.pod, place),
      );
      this.#images.set(name, image);
      const attempt = await startContainer({
        scope: core.scope,
        pod: core.pod,
        place,
        number: last ? last.number + 1 : 0,
        image,
        address: core.address,
        facts: () => core.facts(),
        volumes: this.#volumes,
        targetContainerId: target ? core.container(target)?.current?.id : undefined,
        checkWanted: () => core.ended.signal.throwIfAborted(),
      });
      this.#take(place, state, attempt);
      if (attempt.exit) this.#backOff(place, attempt.exit);
      else await this.#afterStart(place, attempt);
    } catch (error) {
      this.#startFailed(place, error);
    }
  }

  /** The attempt is the container's newest from now on, running or not. */
  #take(place: ContainerPlace, before: ContainerState, attempt: Attempt): void {
    const { name, startupProbe, readinessProbe, lifecycle } = place.container;
    const { hollow } = this.#core.scope;
    const hookDone = hollow || !lifecycle?.postStart;
    this.#core.changeContainer(name, {
      current: attempt,
      previous: before.current ?? before.previous,
      waiting: undefined,
      retryAtMs: undefined,
      hookDone,
      started: hollow || !startupProbe,
      ready: hollow || !readinessProbe,
      unhealthy: undefined,
      ...(attempt.exit || hookDone ? { task: undefined } : {}),
    });
    if (before.current && !hollow) this.#core.task(this.#discard(name, before.current));
  }

  /** The hook, then the probes. */
  async #afterStart(place: ContainerPlace, attempt: Attempt): Promise<void> {
    const core = this.#core;
    const { name, lifecycle } = place.container;
    // One that ended before it was taken note of has told so to nobody.
    const now = await core.scope.options.runtime.state(attempt.id);
    if (now?.state === 'exited') core.task(this.recordExit(name, now));
    if (lifecycle?.postStart && !core.scope.hollow) {
      try {
        const { clock } = core.scope.context;
        const sleep = (delayMs: number) => clock.sleep(delayMs, core.ended.signal);
        const hook = runHook(lifecycle.postStart, core.subject(place, attempt.id), sleep);
        await core.unlessEnded(Promise.race([hook, core.exitOf(attempt.id)]));
      } catch (error) {
        if (core.ended.signal.aborted) {
          core.changeContainer(name, { task: undefined });
          return;
        }
        core.event('Warning', 'FailedPostStartHook', 'PostStartHook failed', place);
        core.scope.context.log.info('a postStart hook failed', { container: attempt.id, error: messageOf(error) });
        await this.stopOne(name, 'FailedPostStartHook', undefined);
        return;
      }
      core.changeContainer(name, { hookDone: true, task: undefined });
    }
    const current = core.container(name);
    if (current?.current?.id === attempt.id && isRunning(current)) this.watch(current, false);
  }

  #startFailed(place: ContainerPlace, error: unknown): void {
    const core = this.#core;
    const { name } = place.container;
    // Without its network a pod is prepared anew; the worker tells of it.
    if (core.ended.signal.aborted || error instanceof PodEnds || error instanceof SandboxError) {
      core.changeContainer(name, { task: undefined });
      return;
    }
    const message = messageOf(error);
    if (error instanceof ImageError) {
      core.changeContainer(name, {
        task: undefined,
        waiting: { reason: error.reason, message },
        retryAtMs: error.retryAtMs,
      });
      if (error.reason === 'ErrImagePull') core.task(this.#showPullBackOff(place));
      return;
    }
    const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError';
    core.event('Warning', 'Failed', `Error: ${message}`, place);
    core.changeContainer(name, {
      task: undefined,
      waiting: { reason, message },
      retryAtMs: core.nowMs() + CONFIG_RETRY_MS,
    });
  }

  async #showPullBackOff(place: ContainerPlace): Promise<void> {
    const core = this.#core;
    await core.scope.context.clock.sleep(PULL_FAILURE_SHOWN_MS, core.ended.signal).catch(() => {});
    const { name, image = '' } = place.container;
    const waiting = this.#puller.backOffNotice(core.pod, place);
    if (!waiting || core.container(name)?.waiting?.reason !== 'ErrImagePull' || core.ended.signal.aborted) return;
    core.event('Normal', 'BackOff', `Back-off pulling image "${image}"`, place);
    core.event('Warning', 'Failed', 'Error: ImagePullBackOff', place);
    core.changeContainer(name, { waiting });
  }

  /** Ends a container; `message` is the Killing event's. */
  async stopOne(name: string, message: string, gracePeriodSeconds: number | undefined): Promise<void> {
    const core = this.#core;
    const place = findContainer(core.pod, name);
    const attempt = core.container(name)?.current;
    if (!place || !attempt || attempt.exit) {
      core.changeContainer(name, { task: undefined });
      return;
    }
    const grace = this.#newGrace(this.#graceSeconds(gracePeriodSeconds) * 1000);
    try {
      await stopContainer({
        scope: core.scope,
        pod: core.pod,
        container: place.container,
        subject: core.subject(place, attempt.id),
        part: containerPath(place),
        message,
        grace,
        newGrace: (lengthMs) => this.#newGrace(lengthMs),
        imageStopSignal: this.#images.get(name)?.config.stopSignal,
        turn: this.#turnToEnd(place),
        exited: core.exitOf(attempt.id),
      });
      if (core.container(name)?.current?.exit === undefined) {
        const left = await core.scope.options.runtime.state(attempt.id);
        await this.recordExit(name, left?.state === 'exited' ? left : lost(attempt, core.nowMs()));
      }
    } catch (error) {
      core.scope.context.log.warn('stopping a container failed', { container: attempt.id, error: messageOf(error) });
    } finally {
      this.#graces.delete(grace);
      grace.end();
      core.changeContainer(name, { task: undefined });
    }
  }

  /** A second deletion may leave less time than the first. */
  shortenGraces(): void {
    if (!this.#core.pod.metadata.deletionTimestamp && this.#core.inApi) return;
    const lengthMs = Math.max(this.#graceSeconds(undefined) * 1000, SHORTEST_GRACE_MS);
    for (const grace of this.#graces) grace.shorten(lengthMs);
  }

  /** Sidecars end after the containers they serve, in reverse order; all others at once. */
  async #turnToEnd(place: ContainerPlace): Promise<void> {
    const core = this.#core;
    if (place.role !== 'sidecar' || !core.state.ending) return;
    const places = containersOf(core.pod);
    const own = places.findIndex(({ container }) => container.name === place.container.name);
    const before = places.filter(({ role }, index) => role === 'app' || (role === 'sidecar' && index > own));
    await Promise.all(
      before.map(({ container }) => {
        const current = core.container(container.name)?.current;
        return current && !current.exit ? core.exitOf(current.id) : undefined;
      }),
    );
  }

  /** Takes note of a container's end; once for each attempt. */
  async recordExit(name: string, exited: RuntimeState): Promise<void> {
    const core = this.#core;
    const { scope, pod, uid } = core;
    const place = findContainer(pod, name);
    const isNewest = () => {
      const current = core.container(name)?.current;
      return current?.id === exited.id && current.exit === undefined ? current : undefined;
    };
    // One whose start has not come back yet is looked at again when it does.
    if (!place || !isNewest()) return;
    const exitCode = exited.exitCode ?? 255;
    const number = parseAttemptId(exited.id)?.number ?? 0;
    const log = containerLogPath(scope, pod, name, number);
    const message = scope.hollow
      ? ''
      : await terminationMessage(place.container, exitCode, terminationPath(scope, uid, name, number), log);
    const attempt = isNewest();
    if (!attempt) return;
    const exit: Exit = {
      exitCode,
      reason: exited.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
      message,
      finishedAtMs: exited.finishedAt ?? core.nowMs(),
    };
    const ended: Attempt = { ...attempt, startedAtMs: attempt.startedAtMs ?? exited.startedAt, exit };
    this.#probes.end(name);
    this.#rotations.get(name)?.stop();
    core.changeContainer(name, { current: ended, unhealthy: undefined });
    this.#backOff(place, exit);
    core.tellExit(exited.id);
    if (!scope.hollow) await writeAttempt(scope, uid, name, ended);
  }

  /** Sets the back-off of a container that will run again. */
  #backOff(place: ContainerPlace, exit: Exit): void {
    const core = this.#core;
    const { name } = place.container;
    if (core.state.ending || core.pod.metadata.deletionTimestamp) return;
    if (!isRestarted(core.pod, place, exit.exitCode)) return;
    const delayMs = this.#restarts.next(name, exit.finishedAtMs);
    if (delayMs === 0) {
      if (exit.reason !== 'StartError') return;
      core.changeContainer(name, { waiting: { reason: 'RunContainerError', message: exit.message } });
      return;
    }
    const { label } = core;
    core.event('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${label}`, place);
    core.changeContainer(name, {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off ${goSeconds(delayMs)} restarting failed container=${name} pod=${label}`,
      },
      retryAtMs: exit.finishedAtMs + delayMs,
    });
  }

  /** Drops a container that another attempt has replaced; its log stays for `--previous`. */
  async #discard(name: string, old: Attempt): Promise<void> {
    const { scope, pod, uid } = this.#core;
    await scope.options.runtime.remove(old.id);
    await forgetAttemptsBefore(scope, uid, name, old.number);
    if (old.number >= 1) await rm(containerLogPath(scope, pod, name, old.number - 1), { force: true });
  }

  #graceSeconds(override: number | undefined): number {
    const { metadata, spec } = this.#core.pod;
    if (!this.#core.inApi) return 0;
    if (metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds !== undefined) {
      return metadata.deletionGracePeriodSeconds;
    }
    return override ?? spec.terminationGracePeriodSeconds ?? 30;
  }

  #newGrace(lengthMs: number): Grace {
    const grace = new Grace(this.#core.scope.context.clock, lengthMs);
    this.#graces.add(grace);
    return grace;
  }
}

/** Of a container that the runtime no longer knows. */
function lost(attempt: Attempt, nowMs: number): RuntimeState {
  return {
    id: attempt.id,
    state: 'exited',
    pid: undefined,
    createdAt: attempt.createdAtMs,
    startedAt: attempt.startedAtMs,
    finishedAt: nowMs,
    exitCode: 137,
    signal: undefined,
    outOfMemory: false,
  };
}
