import { rm } from 'node:fs/promises';
import { Backoff, messageOf, type Timer } from '../../base/index.ts';
import type { Image } from '../images/index.ts';
import { kinds, type Pod, StatusError } from '../kinds/index.ts';
import type { ContainerState as RuntimeState } from '../runtime/index.ts';
import { rejection } from './admission.ts';
import { forgetAttemptsBefore, parseAttemptId, terminationPath, writeAttempt } from './attempt-record.ts';
import { StartCancelled, startContainer } from './container-start.ts';
import { SHORTEST_GRACE_MS, stopContainer } from './container-stop.ts';
import { ConfigError } from './environment.ts';
import type { NodeFacts } from './field-path.ts';
import { Grace } from './grace.ts';
import { ImageError, type ImagePuller } from './image-pull.ts';
import { runHook } from './lifecycle-hook.ts';
import { type Action, isRestarted, planPod } from './pod-plan.ts';
import { preparePod, SandboxError } from './pod-prepare.ts';
import {
  type ContainerPlace,
  containerPath,
  containersOf,
  findContainer,
  isTerminalPhase,
  podLabel,
} from './pod-spec.ts';
import {
  type Attempt,
  type ContainerState,
  type Ending,
  type Exit,
  isAlive,
  isRunning,
  newContainerState,
  type PodState,
} from './pod-state.ts';
import { ContainerProbes } from './probes/container-probes.ts';
import type { ProbeSubject } from './probes/run-probe.ts';
import { goSeconds, RestartBackoff } from './restart-backoff.ts';
import { containerLogPath, podDirectory, podLogDirectory, type Scope } from './scope.ts';
import { podStatus } from './status.ts';
import { StatusWriter } from './status-writer.ts';
import { terminationMessage } from './termination-message.ts';
import type { VolumeUpdates } from './volume-updates.ts';
import { MountError, PodVolumes } from './volumes/pod-volumes.ts';

const PROBE_AGENT = 'kube-probe/1.36';
const PREPARE_RETRY_FIRST_MS = 500;
const PREPARE_RETRY_LONGEST_MS = 122_000;
const CONFIG_RETRY_MS = 10_000;
const DELETE_RETRY_MS = 1000;

export interface PodWorkerOptions {
  readonly scope: Scope;
  readonly pod: Pod;
  readonly puller: ImagePuller;
  readonly updates: VolumeUpdates;
  /** What an earlier engine left of it. */
  readonly found: ReadonlyMap<string, ContainerState>;
  /** Nothing is left of the pod: it is gone from the API and from this machine. */
  onGone(uid: string): void;
}

/**
 * Runs one pod. Level-based: every change of the spec or of what is so leads to `#sync`, which plans anew and begins what
 * the plan says; tasks run by themselves and come back with a change. `#sync` never waits.
 *
 * Invariants: at most one task a container; the state is replaced, never written to; after `ending` is set no container is
 * started; `finished` is set once, when nothing of the pod is left but its records.
 */
export class PodWorker {
  readonly uid: string;
  readonly #options: PodWorkerOptions;
  readonly #scope: Scope;
  readonly #volumes: PodVolumes;
  readonly #writer: StatusWriter;
  readonly #restarts = new RestartBackoff();
  readonly #prepareBackoff = new Backoff(PREPARE_RETRY_FIRST_MS, PREPARE_RETRY_LONGEST_MS);
  readonly #probes = new Map<string, ContainerProbes>();
  readonly #images = new Map<string, Image>();
  readonly #graces = new Set<Grace>();
  readonly #exitWaiters = new Map<string, (() => void)[]>();
  readonly #ended = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #pod: Pod;
  #state: PodState;
  #inApi = true;
  #stopped = false;
  #syncAsked = false;
  #deleting = false;
  #wake: Timer | undefined;
  #dependencies: string[];

  constructor(options: PodWorkerOptions) {
    const { scope, pod, found } = options;
    this.#options = options;
    this.#scope = scope;
    this.#pod = pod;
    this.uid = pod.metadata.uid;
    const startTime = pod.status?.startTime;
    this.#state = {
      containers: new Map(
        containersOf(pod).map(({ container, role }) => [
          container.name,
          found.get(container.name) ?? newContainerState(container.name, role),
        ]),
      ),
      sandbox: 'absent',
      prepareAtMs: undefined,
      address: pod.status?.podIP,
      startedAtMs: startTime ? Date.parse(startTime) : scope.context.clock.now(),
      ending: undefined,
      finished: false,
    };
    this.#volumes = new PodVolumes({
      scope,
      directory: podDirectory(scope, this.uid),
      pod: () => this.#pod,
      facts: () => this.#facts(),
      pullImage: (reference, policy) => this.#pullVolumeImage(reference, policy),
    });
    this.#writer = new StatusWriter(scope, pod, (current) =>
      podStatus(current, this.#state, scope.options.addresses.internalIp, scope.context.clock.now()),
    );
    this.#dependencies = this.#volumes.dependencies();
    options.updates.add(this.#dependencies, this.#dependencyChanged);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The pod with the status as this node sees it. */
  view(): Pod {
    return {
      ...this.#pod,
      status: podStatus(
        this.#pod,
        this.#state,
        this.#scope.options.addresses.internalIp,
        this.#scope.context.clock.now(),
      ),
    };
  }

  container(name: string): ContainerState | undefined {
    return this.#state.containers.get(name);
  }

  /** Calls back once when the attempt has ended; at once if it has. */
  onContainerEnd(id: string, listener: () => void): void {
    this.#exitOf(id).then(listener, listener);
  }

  start(): void {
    const refused = isTerminalPhase(this.#pod.status?.phase) || this.#hasAttempts() ? undefined : rejection(this.#pod);
    if (refused) {
      this.#scope.recorder.event(
        this.#pod,
        'Warning',
        refused.reason,
        refused.message.replace(/^Pod was rejected: /, ''),
      );
      this.#end({ cause: 'rejected', ...refused });
    }
    for (const state of this.#state.containers.values()) if (isRunning(state)) this.#beginProbes(state, state.started);
    this.sync();
  }

  /** The pod as the API has it now; undefined: it is gone from there. */
  update(pod: Pod | undefined): void {
    if (!pod) {
      this.#inApi = false;
      this.#writer.stop();
      if (this.#state.finished) this.#dispose();
      else if (!this.#state.ending) this.#end({ cause: 'deleted' });
      this.#shortenGraces();
      this.sync();
      return;
    }
    const before = this.#pod;
    this.#pod = pod;
    this.#writer.observe(pod);
    if (pod.metadata.deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds) this.#shortenGraces();
    if (pod.metadata.labels !== before.metadata.labels || pod.metadata.annotations !== before.metadata.annotations)
      this.#refresh('pod');
    this.#addNewContainers();
    if (pod.status !== before.status && this.#state.finished === false) this.#writer.request();
    this.sync();
  }

  /** The runtime saw a container of this pod end. */
  containerExited(exited: RuntimeState): void {
    const parsed = parseAttemptId(exited.id);
    if (!parsed) return;
    this.#task(this.#recordExit(parsed.container, exited));
  }

  /** Ends the worker; containers keep running. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.cancel();
    this.#volumes.close();
    for (const probes of this.#probes.values()) probes.stop();
    this.#options.updates.remove(this.#dependencies, this.#dependencyChanged);
    this.#ended.abort(new StartCancelled('the node stops'));
    this.#writer.stop();
    await this.#writer.settled();
  }

  /** Plans anew, once for all changes of this turn of the event loop. */
  sync(): void {
    if (this.#syncAsked || this.#stopped) return;
    this.#syncAsked = true;
    queueMicrotask(() => {
      this.#syncAsked = false;
      if (!this.#stopped) this.#sync();
    });
  }

  #sync(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
    const plan = planPod(this.#pod, this.#state, this.#scope.context.clock.now());
    for (const action of plan.actions) this.#begin(action);
    if (plan.wakeAtMs !== undefined)
      this.#wake = this.#scope.context.clock.after(plan.wakeAtMs - this.#scope.context.clock.now(), () => this.sync());
    if (this.#inApi) this.#writer.request();
    if (this.#state.finished && this.#pod.metadata.deletionTimestamp && this.#inApi) this.#deleteFromApi();
  }

  #begin(action: Action): void {
    switch (action.type) {
      case 'end':
        this.#end(action.ending);
        break;
      case 'prepare':
        this.#change({ sandbox: 'preparing', prepareAtMs: undefined });
        this.#task(this.#prepare());
        break;
      case 'start':
        this.#changeContainer(action.name, { task: 'starting' });
        this.#task(this.#start(action.name));
        break;
      case 'stop':
        this.#changeContainer(action.name, { task: 'stopping' });
        this.#task(this.#stopOne(action.name, action.message, action.gracePeriodSeconds));
        break;
      case 'cleanUp':
        this.#change({ sandbox: 'removing' });
        this.#task(this.#cleanUp());
        break;
    }
  }

  // --- tasks

  async #prepare(): Promise<void> {
    try {
      const address = await preparePod(this.#scope, this.#pod, this.#volumes);
      this.#prepareBackoff.reset('');
      this.#change({ sandbox: 'ready', address });
    } catch (error) {
      const message = messageOf(error);
      if (error instanceof MountError) this.#event('Warning', 'FailedMount', message);
      else this.#event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`);
      if (!(error instanceof MountError || error instanceof SandboxError))
        this.#scope.context.log.error('preparing a pod failed', { pod: podLabel(this.#pod), error: message });
      this.#change({ sandbox: 'absent', prepareAtMs: this.#scope.context.clock.now() + this.#prepareBackoff.next('') });
    }
  }

  async #start(name: string): Promise<void> {
    const place = findContainer(this.#pod, name);
    const state = this.#state.containers.get(name);
    if (!place || !state) return;
    const number = state.current ? state.current.number + 1 : state.previous ? state.previous.number + 1 : 0;
    const pod = this.#pod;
    try {
      const image = await this.#unlessEnded(
        this.#scope.hollow ? Promise.resolve(HOLLOW_IMAGE) : this.#options.puller.ensure(pod, place),
      );
      this.#images.set(name, image);
      const target = place.container.targetContainerName
        ? this.#state.containers.get(place.container.targetContainerName)?.current?.id
        : undefined;
      const attempt = await startContainer({
        scope: this.#scope,
        pod,
        place,
        number,
        image,
        facts: this.#facts(),
        volumes: this.#volumes,
        targetContainerId: target,
        checkWanted: () => this.#ended.signal.throwIfAborted(),
      });
      this.#adoptAttempt(place, state, attempt);
      await this.#afterStart(place, attempt);
    } catch (error) {
      this.#startFailed(place, error);
    }
  }

  /** The attempt is the container's newest from now on, running or not. */
  #adoptAttempt(place: ContainerPlace, before: ContainerState, attempt: Attempt): void {
    const { startupProbe, readinessProbe, lifecycle } = place.container;
    const previous = before.current ?? before.previous;
    this.#changeContainer(place.container.name, {
      current: attempt,
      previous,
      waiting: undefined,
      retryAtMs: undefined,
      hookDone: !lifecycle?.postStart,
      started: !startupProbe || this.#scope.hollow,
      ready: !readinessProbe || this.#scope.hollow,
      unhealthy: undefined,
      ...(attempt.exit || !lifecycle?.postStart ? { task: undefined } : {}),
    });
    if (before.current && !this.#scope.hollow) this.#task(this.#discard(place.container.name, before.current));
  }

  /** The hook, then the probes. A container that ended meanwhile has told so itself. */
  async #afterStart(place: ContainerPlace, attempt: Attempt): Promise<void> {
    const { name, lifecycle } = place.container;
    if (attempt.exit) {
      this.#afterExit(place, attempt.exit);
      return;
    }
    const state = await this.#scope.options.runtime.state(attempt.id);
    if (state?.state === 'exited') this.#task(this.#recordExit(name, state));
    if (lifecycle?.postStart && !this.#scope.hollow) {
      try {
        const hook = runHook(lifecycle.postStart, this.#subject(place, attempt.id), (delayMs) =>
          this.#scope.context.clock.sleep(delayMs, this.#ended.signal),
        );
        await this.#unlessEnded(Promise.race([hook, this.#exitOf(attempt.id)]));
      } catch (error) {
        if (this.#ended.signal.aborted) {
          this.#changeContainer(name, { task: undefined });
          return;
        }
        this.#containerEvent(place, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
        this.#scope.context.log.info('a postStart hook failed', { container: attempt.id, error: messageOf(error) });
        await this.#stopOne(name, 'FailedPostStartHook', undefined);
        return;
      }
      this.#changeContainer(name, { hookDone: true, task: undefined });
    }
    const current = this.#state.containers.get(name);
    if (current?.current?.id === attempt.id && isRunning(current)) this.#beginProbes(current, false);
  }

  #startFailed(place: ContainerPlace, error: unknown): void {
    const { name } = place.container;
    if (this.#ended.signal.aborted || error instanceof StartCancelled) {
      this.#changeContainer(name, { task: undefined });
      return;
    }
    const nowMs = this.#scope.context.clock.now();
    if (error instanceof ImageError) {
      this.#changeContainer(name, {
        task: undefined,
        waiting: { reason: error.reason, message: error.message },
        retryAtMs: error.retryAtMs,
      });
      // A failed pull is told as it is for a moment, then as the back-off it leads to.
      if (error.reason === 'ErrImagePull') this.#task(this.#showPullBackOff(place));
      return;
    }
    const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError';
    this.#containerEvent(place, 'Warning', 'Failed', `Error: ${messageOf(error)}`);
    this.#changeContainer(name, {
      task: undefined,
      waiting: { reason, message: messageOf(error) },
      retryAtMs: nowMs + CONFIG_RETRY_MS,
    });
  }

  async #showPullBackOff(place: ContainerPlace): Promise<void> {
    await this.#scope.context.clock.sleep(1000, this.#ended.signal).catch(() => {});
    const { name } = place.container;
    const state = this.#state.containers.get(name);
    const notice = this.#options.puller.backOffNotice(this.#pod, place);
    if (!notice || state?.waiting?.reason !== 'ErrImagePull' || this.#ended.signal.aborted) return;
    this.#containerEvent(place, 'Normal', 'BackOff', `Back-off pulling image "${place.container.image ?? ''}"`);
    this.#containerEvent(place, 'Warning', 'Failed', 'Error: ImagePullBackOff');
    this.#changeContainer(name, { waiting: notice });
  }

  async #stopOne(name: string, message: string, gracePeriodSeconds: number | undefined): Promise<void> {
    const place = findContainer(this.#pod, name);
    const attempt = this.#state.containers.get(name)?.current;
    if (!place || !attempt || attempt.exit) {
      this.#changeContainer(name, { task: undefined });
      return;
    }
    const seconds = this.#graceSeconds(gracePeriodSeconds);
    const grace = this.#newGrace(seconds * 1000);
    try {
      await stopContainer({
        scope: this.#scope,
        pod: this.#pod,
        container: place.container,
        subject: this.#subject(place, attempt.id),
        part: containerPath(place),
        message,
        grace,
        newGrace: (lengthMs) => this.#newGrace(lengthMs),
        imageStopSignal: this.#images.get(name)?.config.stopSignal,
        turn: this.#turnToEnd(place),
        exited: this.#exitOf(attempt.id),
      });
      const left = await this.#scope.options.runtime.state(attempt.id);
      if (!this.#stopped && this.#state.containers.get(name)?.current?.exit === undefined) {
        await this.#recordExit(name, left ?? lostState(attempt, this.#scope.context.clock.now()));
      }
    } catch (error) {
      this.#scope.context.log.warn('stopping a container failed', { container: attempt.id, error: messageOf(error) });
    } finally {
      this.#graces.delete(grace);
      grace.end();
      this.#changeContainer(name, { task: undefined });
    }
  }

  /** Sidecars end after the containers they serve, in reverse order; all others at once. */
  async #turnToEnd(place: ContainerPlace): Promise<void> {
    if (place.role !== 'sidecar' || !this.#state.ending) return;
    const places = containersOf(this.#pod);
    const own = places.findIndex(({ container }) => container.name === place.container.name);
    const before = places.filter((other, index) => other.role === 'app' || (other.role === 'sidecar' && index > own));
    await Promise.all(
      before.map(({ container }) => {
        const current = this.#state.containers.get(container.name)?.current;
        return current && !current.exit ? this.#exitOf(current.id) : undefined;
      }),
    );
  }

  async #recordExit(name: string, exited: RuntimeState): Promise<void> {
    const place = findContainer(this.#pod, name);
    const attempt = this.#state.containers.get(name)?.current;
    // Ended before its start came back: `#afterStart` asks again.
    if (!place || !attempt || attempt.id !== exited.id || attempt.exit) return;
    const exitCode = exited.exitCode ?? 255;
    const parsed = parseAttemptId(exited.id);
    const message = this.#scope.hollow
      ? ''
      : await terminationMessage(
          place.container,
          exitCode,
          terminationPath(this.#scope, this.uid, name, parsed?.number ?? 0),
          containerLogPath(this.#scope, this.#pod, name, parsed?.number ?? 0),
        );
    const state = this.#state.containers.get(name);
    if (state?.current?.id !== exited.id || state.current.exit) return;
    const exit: Exit = {
      exitCode,
      reason: exited.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
      message,
      finishedAtMs: exited.finishedAt ?? this.#scope.context.clock.now(),
    };
    const ended: Attempt = { ...state.current, startedAtMs: state.current.startedAtMs ?? exited.startedAt, exit };
    this.#probes.get(name)?.stop();
    this.#probes.delete(name);
    this.#changeContainer(name, { current: ended, unhealthy: undefined });
    this.#afterExit(place, exit);
    for (const resolve of this.#exitWaiters.get(exited.id) ?? []) resolve();
    this.#exitWaiters.delete(exited.id);
    if (!this.#scope.hollow) await writeAttempt(this.#scope, this.uid, name, ended);
  }

  /** Sets the back-off of a container that will run again. */
  #afterExit(place: ContainerPlace, exit: Exit): void {
    const { name } = place.container;
    if (this.#state.ending || this.#pod.metadata.deletionTimestamp || !isRestarted(this.#pod, place, exit.exitCode))
      return;
    const delayMs = this.#restarts.next(name, exit.finishedAtMs);
    if (delayMs === 0) {
      if (exit.reason === 'StartError')
        this.#changeContainer(name, { waiting: { reason: 'RunContainerError', message: exit.message } });
      return;
    }
    const label = podLabel(this.#pod);
    this.#containerEvent(place, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${label}`);
    this.#changeContainer(name, {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off ${goSeconds(delayMs)} restarting failed container=${name} pod=${label}`,
      },
      retryAtMs: exit.finishedAtMs + delayMs,
    });
  }

  /** Drops a container that another attempt has replaced; its log stays for `--previous`. */
  async #discard(name: string, old: Attempt): Promise<void> {
    await this.#scope.options.runtime.remove(old.id);
    await forgetAttemptsBefore(this.#scope, this.uid, name, old.number);
    if (old.number >= 1) await rm(containerLogPath(this.#scope, this.#pod, name, old.number - 1), { force: true });
  }

  async #cleanUp(): Promise<void> {
    for (const probes of this.#probes.values()) probes.stop();
    this.#probes.clear();
    try {
      if (this.#scope.options.network && !this.#pod.spec.hostNetwork)
        await this.#scope.options.network.detachPod(this.uid);
      await this.#scope.options.runtime.removeSandbox(this.uid);
      if (!this.#scope.hollow) await this.#volumes.tearDown();
    } catch (error) {
      this.#event('Warning', 'FailedKillPod', `error killing pod: ${messageOf(error)}`);
      await this.#scope.context.clock.sleep(DELETE_RETRY_MS).catch(() => {});
      this.#change({ sandbox: 'absent' });
      return;
    }
    this.#options.updates.remove(this.#dependencies, this.#dependencyChanged);
    this.#change({ sandbox: 'removed', finished: true });
    if (!this.#inApi) this.#dispose();
  }

  #deleteFromApi(): void {
    if (this.#deleting) return;
    this.#deleting = true;
    this.#task(
      (async () => {
        await this.#writer.settled();
        const { namespace, name, finalizers = [] } = this.#pod.metadata;
        try {
          await this.#scope.context.client.delete(kinds.pods, namespace, name, {
            gracePeriodSeconds: 0,
            uid: this.uid,
          });
        } catch (error) {
          if (error instanceof StatusError && (error.code === 404 || error.code === 409)) return;
          this.#scope.context.log.warn('deleting a pod failed', { pod: podLabel(this.#pod), error: messageOf(error) });
          await this.#scope.context.clock.sleep(DELETE_RETRY_MS);
          this.#deleting = finalizers.length > 0;
          this.sync();
        }
      })(),
    );
  }

  /** Takes away what is on disk and tells that nothing is left. */
  #dispose(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake?.cancel();
    this.#options.updates.remove(this.#dependencies, this.#dependencyChanged);
    this.#options.puller.forget(this.uid);
    this.#options.onGone(this.uid);
    if (this.#scope.hollow) return;
    for (const path of [podDirectory(this.#scope, this.uid), podLogDirectory(this.#scope, this.#pod)]) {
      rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        this.#scope.context.log.warn('removing a directory of a pod failed', { path, error: messageOf(error) });
      });
    }
  }

  // --- state

  #end(ending: Ending): void {
    if (this.#state.ending) return;
    this.#change({ ending });
    if (ending.cause === 'deadline') this.#event('Normal', 'DeadlineExceeded', ending.message ?? '');
    this.#ended.abort(new StartCancelled('the pod ends'));
    for (const probes of this.#probes.values()) probes.stopLivenessAndStartup();
  }

  #change(change: Partial<PodState>): void {
    this.#state = { ...this.#state, ...change };
    this.sync();
  }

  #changeContainer(name: string, change: Partial<ContainerState>): void {
    const state = this.#state.containers.get(name);
    if (!state) return;
    this.#change({ containers: new Map([...this.#state.containers, [name, { ...state, ...change }]]) });
  }

  /** Ephemeral containers come while the pod runs. */
  #addNewContainers(): void {
    const missing = containersOf(this.#pod).filter(({ container }) => !this.#state.containers.has(container.name));
    if (missing.length === 0) return;
    const added = missing.map(({ container, role }): [string, ContainerState] => [
      container.name,
      newContainerState(container.name, role),
    ]);
    this.#change({ containers: new Map([...this.#state.containers, ...added]) });
  }

  #hasAttempts(): boolean {
    return [...this.#state.containers.values()].some(({ current, previous }) => current ?? previous);
  }

  readonly #dependencyChanged = (dependency: string): void => {
    if (this.#state.sandbox === 'absent' && this.#state.prepareAtMs !== undefined)
      this.#change({ prepareAtMs: undefined });
    for (const state of this.#state.containers.values()) {
      if (state.waiting?.reason === 'CreateContainerConfigError')
        this.#changeContainer(state.name, { retryAtMs: undefined });
    }
    this.#refresh(dependency);
  };

  #refresh(dependency: string): void {
    this.#volumes.refresh(dependency).catch((error: unknown) => {
      this.#event('Warning', 'FailedMount', `MountVolume.SetUp failed: ${messageOf(error)}`);
    });
  }

  // --- probes and waiting

  #beginProbes(state: ContainerState, alreadyStarted: boolean): void {
    const place = findContainer(this.#pod, state.name);
    const attempt = state.current;
    if (!place || !attempt || this.#scope.hollow || state.role === 'ephemeral' || this.#state.ending) return;
    const { startupProbe, readinessProbe, livenessProbe } = place.container;
    if (!startupProbe && !readinessProbe && !livenessProbe) return;
    const { name } = state;
    this.#probes.get(name)?.stop();
    const isCurrent = () => this.#state.containers.get(name)?.current?.id === attempt.id;
    const options = {
      scope: this.#scope,
      subject: this.#subject(place, attempt.id),
      pod: () => this.#pod,
      part: containerPath(place),
      onStarted: () => isCurrent() && this.#changeContainer(name, { started: true }),
      onReady: (ready: boolean) => isCurrent() && this.#changeContainer(name, { ready }),
      onUnhealthy: (probe: 'startup' | 'liveness', gracePeriodSeconds: number | undefined) =>
        isCurrent() && this.#changeContainer(name, { unhealthy: { probe, gracePeriodSeconds } }),
    };
    this.#probes.set(name, new ContainerProbes(options, alreadyStarted));
  }

  #subject(place: ContainerPlace, containerId: string): ProbeSubject {
    const { clock } = this.#scope.context;
    return {
      container: place.container,
      containerId,
      host: this.#state.address ?? this.#scope.options.addresses.internalIp,
      runtime: this.#scope.options.runtime,
      agent: PROBE_AGENT,
      monotonic: () => clock.monotonic(),
    };
  }

  #graceSeconds(override: number | undefined): number {
    const { deletionTimestamp, deletionGracePeriodSeconds } = this.#pod.metadata;
    if (deletionTimestamp && deletionGracePeriodSeconds !== undefined) return deletionGracePeriodSeconds;
    if (!this.#inApi) return 0;
    return override ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  #newGrace(lengthMs: number): Grace {
    const grace = new Grace(this.#scope.context.clock, lengthMs);
    this.#graces.add(grace);
    return grace;
  }

  /** A second deletion may leave less time than the first. */
  #shortenGraces(): void {
    const lengthMs = Math.max(this.#graceSeconds(undefined) * 1000, SHORTEST_GRACE_MS);
    if (!this.#pod.metadata.deletionTimestamp && this.#inApi) return;
    for (const grace of this.#graces) grace.shorten(lengthMs);
  }

  #exitOf(id: string): Promise<void> {
    const alive = [...this.#state.containers.values()].some((state) => state.current?.id === id && isAlive(state));
    if (!alive) return Promise.resolve();
    return new Promise((resolve) => {
      this.#exitWaiters.set(id, [...(this.#exitWaiters.get(id) ?? []), resolve]);
    });
  }

  /** The work's result, or the reason why the pod ends if that comes first. */
  #unlessEnded<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#ended;
    if (signal.aborted) {
      work.catch(() => {});
      return Promise.reject(signal.reason);
    }
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  #pullVolumeImage(reference: string, policy: string | undefined): Promise<Image> {
    const container = { name: 'volume', image: reference, ...(policy ? { imagePullPolicy: policy } : {}) };
    return this.#options.puller.ensure(this.#pod, { container, role: 'app' });
  }

  #facts(): NodeFacts {
    const { name, addresses, capacity } = this.#scope.options;
    return {
      nodeName: name,
      nodeAddress: addresses.internalIp,
      podAddress: this.#state.address,
      allocatable: {
        cpu: capacity.cpu,
        memory: capacity.memoryBytes,
        'ephemeral-storage': capacity.ephemeralStorageBytes,
      },
    };
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#scope.recorder.event(this.#pod, type, reason, message);
  }

  #containerEvent(place: ContainerPlace, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#scope.recorder.event(this.#pod, type, reason, message, containerPath(place));
  }

  /** Runs by itself; a failure that no task foresaw is logged, and the next sync plans from what is so. */
  #task(work: Promise<void>): void {
    const guarded = work
      .catch((error: unknown) => {
        this.#scope.context.log.error('a task of a pod failed', { pod: podLabel(this.#pod), error: messageOf(error) });
      })
      .finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }
}

/** What a hollow node runs: nothing. */
const HOLLOW_IMAGE: Image = {
  id: 'sha256:0000000000000000000000000000000000000000000000000000000000000000',
  digest: '',
  names: [],
  config: {
    env: [],
    entrypoint: ['/hollow'],
    command: [],
    workingDirectory: '/',
    user: '',
    exposedPorts: [],
    volumes: [],
    labels: {},
    stopSignal: undefined,
    healthcheck: undefined,
  },
  layerDirectories: [],
  sizeBytes: 0,
  createdAt: '1970-01-01T00:00:00Z',
  standIn: undefined,
};

/** Of a container that the runtime no longer knows. */
function lostState(attempt: Attempt, nowMs: number): RuntimeState {
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
