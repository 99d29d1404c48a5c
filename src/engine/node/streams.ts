import type { Duplex, Readable } from 'node:stream';
import type { Pod } from '../kinds/index.ts';
import type { ExecRequest, ExecResult, ExecStreams, LogQuery } from './contract.ts';
import { readLogs } from './logs.ts';
import { findContainer } from './pod-spec.ts';
import { type Attempt, type ContainerState, isRunning } from './pod-state.ts';
import type { PodWorker } from './pod-worker.ts';
import { connectInside, connectLoopback } from './port-forward.ts';
import { containerLogPath, type Scope } from './scope.ts';
import { refusal } from './status-error.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** Logs, exec, attach and port-forward of one node's pods. */
export class PodStreams {
  readonly #scope: Scope;
  readonly #workers: ReadonlyMap<string, PodWorker>;

  constructor(scope: Scope, workers: ReadonlyMap<string, PodWorker>) {
    this.#scope = scope;
    this.#workers = workers;
  }

  async logs(pod: Pod, query: LogQuery, signal: AbortSignal): Promise<Readable> {
    const { worker, name, state } = this.#find(pod, query.container);
    const attempt = query.previous ? previousOf(state) : (state.current ?? state.previous);
    const label = `container "${name}" in pod "${pod.metadata.name}"`;
    if (!attempt) {
      if (query.previous) throw refusal(400, 'BadRequest', `previous terminated ${label} not found`);
      throw refusal(400, 'BadRequest', `${label} is waiting to start: ${waitingReason(worker, name)}`);
    }
    const source = {
      path: containerLogPath(this.#scope, worker.pod, name, attempt.number),
      isOpen: () => {
        const current = worker.container(name)?.current;
        return current?.id === attempt.id && current.exit === undefined;
      },
      onEnd: (listener: () => void) => worker.onContainerEnd(attempt.id, listener),
      nowMs: this.#scope.context.clock.now(),
    };
    return readLogs(source, query, signal);
  }

  exec(pod: Pod, request: ExecRequest, streams: ExecStreams): Promise<ExecResult> {
    const { name, state } = this.#find(pod, request.container);
    const { id } = running(name, state);
    const { stdin, stdout, stderr, signal } = streams;
    return this.#scope.options.runtime.exec(id, {
      argv: request.command,
      tty: request.tty,
      stdin,
      stdout,
      stderr,
      signal,
      onResize: (listener) => streams.onResize(listener),
    });
  }

  attach(pod: Pod, request: Omit<ExecRequest, 'command'>, streams: ExecStreams): Promise<ExecResult> {
    const { name, state } = this.#find(pod, request.container);
    const { id } = running(name, state);
    const { stdin, stdout, stderr, signal } = streams;
    return this.#scope.options.runtime.attach(id, {
      tty: request.tty,
      stdin,
      stdout,
      stderr,
      signal,
      onResize: (listener) => streams.onResize(listener),
    });
  }

  async portForward(pod: Pod, port: number): Promise<Duplex> {
    const worker = this.#worker(pod);
    if (worker.pod.spec.hostNetwork) return connectLoopback(port);
    const sandboxes = await this.#scope.options.runtime.sandboxes();
    const sandbox = sandboxes.find(({ id }) => id === pod.metadata.uid);
    if (!sandbox?.networkNamespace)
      throw refusal(404, 'NotFound', `sandbox of pod "${pod.metadata.name}" is not running`);
    return connectInside(sandbox.networkNamespace, port);
  }

  #worker(pod: Pod): PodWorker {
    const worker = this.#workers.get(pod.metadata.uid);
    if (!worker)
      throw refusal(404, 'NotFound', `pod "${pod.metadata.name}" not found on node ${this.#scope.options.name}`);
    return worker;
  }

  #find(pod: Pod, wanted: string | undefined): { worker: PodWorker; name: string; state: ContainerState } {
    const worker = this.#worker(pod);
    const name = wanted || pod.metadata.annotations?.[DEFAULT_CONTAINER] || (pod.spec.containers[0]?.name ?? '');
    const state = worker.container(name);
    if (!findContainer(worker.pod, name) || !state)
      throw refusal(400, 'BadRequest', `container ${name} is not valid for pod ${pod.metadata.name}`);
    return { worker, name, state };
  }
}

function running(name: string, state: ContainerState): Attempt {
  if (!isRunning(state) || !state.current) throw refusal(404, 'NotFound', `container not found ("${name}")`);
  return state.current;
}

function previousOf(state: ContainerState): Attempt | undefined {
  // Waiting for its next try, the newest attempt is the one that has ended.
  return state.current?.exit && state.waiting ? state.current : state.previous;
}

function waitingReason(worker: PodWorker, name: string): string {
  const {
    initContainerStatuses = [],
    containerStatuses = [],
    ephemeralContainerStatuses = [],
  } = worker.view().status ?? {};
  const status = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    (one) => one.name === name,
  );
  const { reason = 'ContainerCreating', message } = status?.state?.waiting ?? {};
  const known: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: `trying and failing to pull image`,
    ContainerCreating: 'ContainerCreating',
  };
  return known[reason] ?? (message ? `${reason}` : reason);
}
