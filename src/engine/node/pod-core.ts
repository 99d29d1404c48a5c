import { messageOf } from '../../base/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { NodeFacts } from './field-path.ts';
import { type ContainerPlace, containerPath, containersOf, podLabel } from './pod-spec.ts';
import { type ContainerState, type Ending, isAlive, newContainerState, type PodState } from './pod-state.ts';
import type { ProbeSubject } from './probes/run-probe.ts';
import type { Scope } from './scope.ts';

const PROBE_AGENT = 'kube-probe/1.36';

/** The pod is to end, so what was under way for it is given up. */
export class PodEnds extends Error {
  override readonly name = 'PodEnds';
}

/**
 * What the tasks of one pod share: its spec, its state, and the way to change them. Every change asks for a new plan.
 *
 * Invariants: the state is replaced, never written to; `ending` is set once, and `ended` aborts with it.
 */
export class PodCore {
  readonly scope: Scope;
  readonly uid: string;
  readonly ended = new AbortController();
  readonly #exitWaiters = new Map<string, (() => void)[]>();
  readonly #onChange: () => void;
  pod: Pod;
  state: PodState;
  /** The pod's address, as soon as its network is there; containers start after it. */
  address: Promise<string> = Promise.reject(new PodEnds('not prepared'));
  /** False once the pod is gone from the API. */
  inApi = true;

  /** `found`: what an earlier engine left of its containers. `onChange` asks for a new plan. */
  constructor(scope: Scope, pod: Pod, found: ReadonlyMap<string, ContainerState>, onChange: () => void) {
    this.scope = scope;
    this.pod = pod;
    this.uid = pod.metadata.uid;
    this.#onChange = onChange;
    this.address.catch(() => {});
    const startTime = pod.status?.startTime;
    const containers = containersOf(pod).map(({ container: { name }, role }): [string, ContainerState] => [
      name,
      found.get(name) ?? newContainerState(name, role),
    ]);
    this.state = {
      containers: new Map(containers),
      sandbox: 'absent',
      prepareAtMs: undefined,
      address: pod.status?.podIP,
      startedAtMs: startTime ? Date.parse(startTime) : scope.context.clock.now(),
      ending: undefined,
      released: false,
      finished: false,
    };
  }

  get label(): string {
    return podLabel(this.pod);
  }

  nowMs(): number {
    return this.scope.context.clock.now();
  }

  container(name: string): ContainerState | undefined {
    return this.state.containers.get(name);
  }

  change(change: Partial<PodState>): void {
    this.state = { ...this.state, ...change };
    this.#onChange();
  }

  changeContainer(name: string, change: Partial<ContainerState>): void {
    const state = this.state.containers.get(name);
    if (!state) return;
    this.change({ containers: new Map([...this.state.containers, [name, { ...state, ...change }]]) });
  }

  /** Ephemeral containers come while the pod runs. */
  addNewContainers(): void {
    const missing = containersOf(this.pod).filter(({ container }) => !this.state.containers.has(container.name));
    if (missing.length === 0) return;
    const added = missing.map(({ container, role }): [string, ContainerState] => [
      container.name,
      newContainerState(container.name, role),
    ]);
    this.change({ containers: new Map([...this.state.containers, ...added]) });
  }

  hasAttempts(): boolean {
    return [...this.state.containers.values()].some(({ current, previous }) => current ?? previous);
  }

  /** From now on nothing is started. Idempotent. */
  end(ending: Ending): void {
    if (this.state.ending) return;
    this.change({ ending });
    this.ended.abort(new PodEnds('the pod ends'));
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string, place?: ContainerPlace): void {
    const { recorder } = this.scope;
    if (place) recorder.event(this.pod, type, reason, message, containerPath(place));
    else recorder.event(this.pod, type, reason, message);
  }

  /** Lets work run by itself; a failure that it did not foresee is logged, and the next plan is made from what is so. */
  task(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.scope.context.log.error('a task of a pod failed', { pod: this.label, error: messageOf(error) });
    });
  }

  /** The work's result; rejects with PodEnds when the pod ends first. */
  unlessEnded<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.ended;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  /** Resolves when the attempt with this id has ended; at once if it has, or is not the newest of its container. */
  exitOf(id: string): Promise<void> {
    const alive = [...this.state.containers.values()].some((state) => state.current?.id === id && isAlive(state));
    if (!alive) return Promise.resolve();
    return new Promise((resolve) => {
      this.#exitWaiters.set(id, [...(this.#exitWaiters.get(id) ?? []), resolve]);
    });
  }

  tellExit(id: string): void {
    for (const resolve of this.#exitWaiters.get(id) ?? []) resolve();
    this.#exitWaiters.delete(id);
  }

  facts(): NodeFacts {
    const { name, addresses, capacity } = this.scope.options;
    return {
      nodeName: name,
      nodeAddress: addresses.internalIp,
      podAddress: this.state.address,
      allocatable: {
        cpu: capacity.cpu,
        memory: capacity.memoryBytes,
        'ephemeral-storage': capacity.ephemeralStorageBytes,
      },
    };
  }

  /** What probes and hooks of a container need. */
  subject(place: ContainerPlace, containerId: string): ProbeSubject {
    const { clock } = this.scope.context;
    return {
      container: place.container,
      containerId,
      host: this.state.address ?? this.scope.options.addresses.internalIp,
      runtime: this.scope.options.runtime,
      agent: PROBE_AGENT,
      monotonic: () => clock.monotonic(),
    };
  }
}
