import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { Backoff, messageOf, type Timer } from '../../base/index.ts';
import { kinds, type Pod, StatusError } from '../kinds/index.ts';
import type { ContainerState as RuntimeState } from '../runtime/index.ts';
import { rejection } from './admission.ts';
import { parseAttemptId } from './attempt-record.ts';
import { ContainerTasks } from './container-tasks.ts';
import { environmentDependencies } from './environment.ts';
import type { ImagePuller } from './image-pull.ts';
import { PodCore } from './pod-core.ts';
import { type Action, planPod } from './pod-plan.ts';
import { preparePod, SandboxError } from './pod-prepare.ts';
import { PodProbes } from './pod-probes.ts';
import { isTerminalPhase } from './pod-spec.ts';
import { type ContainerState, type Ending, isRunning } from './pod-state.ts';
import { podDirectory, podLogDirectory, type Scope } from './scope.ts';
import { podStatus } from './status.ts';
import { StatusWriter } from './status-writer.ts';
import type { VolumeUpdates } from './volume-updates.ts';
import { MountError, PodVolumes } from './volumes/pod-volumes.ts';

const PREPARE_RETRY_FIRST_MS = 500;
const PREPARE_RETRY_LONGEST_MS = 122_000;
const REMOVE_RETRY_MS = 1000;

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
 * Invariants: at most one task a container; after `ending` is set no container is started; `released` and then
 * `finished` are set once, as less and less of the pod is left.
 */
export class PodWorker {
  readonly uid: string;
  readonly #options: PodWorkerOptions;
  readonly #scope: Scope;
  readonly #core: PodCore;
  readonly #volumes: PodVolumes;
  readonly #probes: PodProbes;
  readonly #tasks: ContainerTasks;
  readonly #writer: StatusWriter;
  readonly #prepareBackoff = new Backoff(PREPARE_RETRY_FIRST_MS, PREPARE_RETRY_LONGEST_MS);
  readonly #dependencies: readonly string[];
  #stopped = false;
  #syncAsked = false;
  #deleting = false;
  #wake: Timer | undefined;

  constructor(options: PodWorkerOptions) {
    const { scope, pod, found, puller, updates } = options;
    this.#options = options;
    this.#scope = scope;
    this.uid = pod.metadata.uid;
    this.#core = new PodCore(scope, pod, found, () => this.sync());
    this.#volumes = new PodVolumes({
      scope,
      directory: podDirectory(scope, this.uid),
      pod: () => this.#core.pod,
      facts: () => this.#core.facts(),
      pullImage: (reference, policy) => {
        const container = { name: 'volume', image: reference, ...(policy ? { imagePullPolicy: policy } : {}) };
        return puller.ensure(this.#core.pod, { container, role: 'app' });
      },
    });
    this.#probes = new PodProbes(this.#core);
    this.#tasks = new ContainerTasks(this.#core, this.#probes, this.#volumes, puller);
    this.#writer = new StatusWriter(scope, pod, (current) => this.#status(current));
    this.#dependencies = this.#volumes.dependencies();
    updates.add(this.#allDependencies(), this.#dependencyChanged);
  }

  get pod(): Pod {
    return this.#core.pod;
  }

  /** The pod with the status as this node sees it. */
  view(): Pod {
    return { ...this.pod, status: this.#status(this.pod) };
  }

  container(name: string): ContainerState | undefined {
    return this.#core.container(name);
  }

  /** Calls back once when the attempt has ended; at once if it has. */
  onContainerEnd(id: string, listener: () => void): void {
    this.#core.exitOf(id).then(listener, listener);
  }

  start(): void {
    const { pod, state } = this.#core;
    const isNew = !isTerminalPhase(pod.status?.phase) && !this.#core.hasAttempts();
    const refused = isNew ? rejection(pod) : undefined;
    if (refused) {
      this.#core.event('Warning', refused.reason, refused.message.replace(/^Pod was rejected: /, ''));
      this.#end({ cause: 'rejected', ...refused });
    }
    const lostSandbox = [...state.containers.values()].some(({ current, previous }) => !current && previous);
    if (lostSandbox)
      this.#core.event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    for (const container of state.containers.values()) {
      if (isRunning(container)) this.#tasks.watch(container, container.started);
    }
    this.sync();
  }

  /** The pod as the API has it now; undefined: it is gone from there. */
  update(pod: Pod | undefined): void {
    if (this.#stopped) return;
    if (!pod) {
      this.#core.inApi = false;
      this.#writer.stop();
      if (this.#core.state.finished) this.#dispose();
      else this.#end({ cause: 'deleted' });
      this.#tasks.shortenGraces();
      this.sync();
      return;
    }
    const before = this.#core.pod;
    this.#core.pod = pod;
    this.#writer.observe(pod);
    const { labels, annotations, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds) this.#tasks.shortenGraces();
    const told = [before.metadata.labels, before.metadata.annotations];
    if (!isDeepStrictEqual([labels, annotations], told)) this.#refresh('pod');
    this.#core.addNewContainers();
    this.sync();
  }

  /** The runtime saw a container of this pod end. */
  containerExited(exited: RuntimeState): void {
    const parsed = parseAttemptId(exited.id);
    if (parsed && !this.#stopped) this.#core.task(this.#tasks.recordExit(parsed.container, exited));
  }

  /** Ends the worker; containers keep running. */
  async stop(): Promise<void> {
    this.#letGo();
    this.#volumes.close();
    this.#core.ended.abort(new Error('the node stops'));
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
    const core = this.#core;
    this.#wake?.cancel();
    this.#wake = undefined;
    const plan = planPod(core.pod, core.state, core.nowMs());
    for (const action of plan.actions) this.#begin(action);
    if (plan.wakeAtMs !== undefined) {
      this.#wake = this.#scope.context.clock.after(plan.wakeAtMs - core.nowMs(), () => this.sync());
    }
    if (!core.inApi) return;
    this.#writer.request();
    if (core.state.released && core.pod.metadata.deletionTimestamp) this.#deleteFromApi();
  }

  #begin(action: Action): void {
    const core = this.#core;
    switch (action.type) {
      case 'end':
        this.#end(action.ending);
        break;
      case 'prepare':
        core.change({ sandbox: 'preparing', prepareAtMs: undefined });
        core.task(this.#prepare());
        break;
      case 'start':
        core.changeContainer(action.name, { task: 'starting' });
        core.task(this.#tasks.start(action.name));
        break;
      case 'stop':
        core.changeContainer(action.name, { task: 'stopping' });
        core.task(this.#tasks.stopOne(action.name, action.message, action.gracePeriodSeconds));
        break;
      case 'cleanUp':
        core.change({ sandbox: 'removing' });
        core.task(this.#cleanUp());
        break;
    }
  }

  #end(ending: Ending): void {
    if (this.#core.state.ending) return;
    this.#core.end(ending);
    if (ending.cause === 'deadline') this.#core.event('Normal', 'DeadlineExceeded', ending.message ?? '');
    this.#probes.stopLivenessAndStartup();
  }

  async #prepare(): Promise<void> {
    const core = this.#core;
    try {
      const prepared = await preparePod(this.#scope, core.pod, this.#volumes);
      // Set with the address itself, so that whoever waits for it finds it in the state.
      core.address = prepared.address.then((address) => {
        core.change({ address });
        return address;
      });
      core.change({ sandbox: 'ready' });
      await core.address;
      this.#prepareBackoff.reset('');
    } catch (error) {
      const message = messageOf(error);
      if (error instanceof MountError) core.event('Warning', 'FailedMount', message);
      else core.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`);
      if (!(error instanceof MountError || error instanceof SandboxError)) {
        this.#scope.context.log.error('preparing a pod failed', { pod: core.label, error: message });
      }
      core.change({ sandbox: 'absent', prepareAtMs: core.nowMs() + this.#prepareBackoff.next('') });
    }
  }

  /** Gives back the address, lets the API forget the pod, then removes what is left. */
  async #cleanUp(): Promise<void> {
    const { network, runtime } = this.#scope.options;
    this.#probes.endAll();
    this.#tasks.stop();
    try {
      // A network on its way is let come first, so that it is taken back whole.
      await this.#core.address.catch(() => {});
      if (network && !this.pod.spec.hostNetwork) await network.detachPod(this.uid);
      this.#core.change({ released: true });
      await runtime.removeSandbox(this.uid);
      if (!this.#scope.hollow) await this.#volumes.tearDown();
    } catch (error) {
      this.#core.event('Warning', 'FailedKillPod', `error killing pod: ${messageOf(error)}`);
      await this.#scope.context.clock.sleep(REMOVE_RETRY_MS);
      this.#core.change({ sandbox: 'absent' });
      return;
    }
    this.#options.updates.remove(this.#allDependencies(), this.#dependencyChanged);
    this.#core.change({ sandbox: 'removed', finished: true });
    if (!this.#core.inApi) this.#dispose();
  }

  /** The last word of a node on a deleted pod: its final status, then its removal. */
  #deleteFromApi(): void {
    if (this.#deleting) return;
    this.#deleting = true;
    this.#core.task(
      (async () => {
        await this.#writer.settled();
        const { namespace, name } = this.pod.metadata;
        try {
          await this.#scope.context.client.delete(kinds.pods, namespace, name, {
            gracePeriodSeconds: 0,
            uid: this.uid,
          });
        } catch (error) {
          if (error instanceof StatusError && (error.code === 404 || error.code === 409)) return;
          this.#scope.context.log.warn('deleting a pod failed', { pod: this.#core.label, error: messageOf(error) });
          await this.#scope.context.clock.sleep(REMOVE_RETRY_MS);
          this.#deleting = false;
          this.sync();
        }
      })(),
    );
  }

  /** Takes away what is on disk and tells that nothing is left. */
  #dispose(): void {
    if (this.#stopped) return;
    this.#letGo();
    this.#options.puller.forget(this.uid);
    this.#options.onGone(this.uid);
    if (this.#scope.hollow) return;
    for (const path of [podDirectory(this.#scope, this.uid), podLogDirectory(this.#scope, this.pod)]) {
      rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        this.#scope.context.log.warn('removing a directory of a pod failed', { path, error: messageOf(error) });
      });
    }
  }

  #letGo(): void {
    this.#stopped = true;
    this.#wake?.cancel();
    this.#probes.endAll();
    this.#tasks.stop();
    this.#options.updates.remove(this.#allDependencies(), this.#dependencyChanged);
  }

  #status(pod: Pod): NonNullable<Pod['status']> {
    return podStatus(pod, this.#core.state, this.#scope.options.addresses.internalIp, this.#core.nowMs());
  }

  /** What the pod's volumes and variables are made of. */
  #allDependencies(): string[] {
    return [...new Set([...this.#dependencies, ...environmentDependencies(this.pod)])];
  }

  readonly #dependencyChanged = (dependency: string): void => {
    const core = this.#core;
    if (core.state.sandbox === 'absent' && core.state.prepareAtMs !== undefined)
      core.change({ prepareAtMs: undefined });
    for (const { name, waiting } of core.state.containers.values()) {
      if (waiting?.reason === 'CreateContainerConfigError') core.changeContainer(name, { retryAtMs: undefined });
    }
    this.#refresh(dependency);
  };

  #refresh(dependency: string): void {
    this.#volumes.refresh(dependency).catch((error: unknown) => {
      this.#core.event('Warning', 'FailedMount', `MountVolume.SetUp failed: ${messageOf(error)}`);
    });
  }
}
