import type { ContainerRole } from './pod-spec.ts';

/** How a container ended. */
export interface Exit {
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly finishedAtMs: number;
}

/** One try at running a container: what became of it. */
export interface Attempt {
  /** The runtime's id. */
  readonly id: string;
  /** Counts from 0; the restart count of a container is that of its newest attempt. */
  readonly number: number;
  readonly specHash: string;
  readonly image: string;
  readonly imageId: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly exit: Exit | undefined;
}

/** Why a container does not run. */
export interface Waiting {
  /** `CrashLoopBackOff`, `ErrImagePull`, `ImagePullBackOff`, `CreateContainerConfigError` ... */
  readonly reason: string;
  readonly message: string;
}

/** What is known of one container of a pod. Replaced, never written to. */
export interface ContainerState {
  readonly name: string;
  readonly role: ContainerRole;
  readonly current: Attempt | undefined;
  /** The attempt before the current one. */
  readonly previous: Attempt | undefined;
  /** A task at work on it; nothing else is begun meanwhile. */
  readonly task: 'starting' | 'stopping' | undefined;
  /** Set by a start that failed or must wait; cleared by the next that succeeds. */
  readonly waiting: Waiting | undefined;
  /** Not to be started before this time. */
  readonly retryAtMs: number | undefined;
  /** Its postStart hook has ended well, or it has none. */
  readonly hookDone: boolean;
  /** The startup probe has succeeded, or there is none. */
  readonly started: boolean;
  /** The readiness probe says so, or there is none. */
  readonly ready: boolean;
  /** A probe wants it restarted. */
  readonly unhealthy:
    | { readonly probe: 'liveness' | 'startup'; readonly gracePeriodSeconds: number | undefined }
    | undefined;
}

export function newContainerState(name: string, role: ContainerRole): ContainerState {
  return {
    name,
    role,
    current: undefined,
    previous: undefined,
    task: undefined,
    waiting: undefined,
    retryAtMs: undefined,
    hookDone: false,
    started: false,
    ready: false,
    unhealthy: undefined,
  };
}

export function isRunning(state: ContainerState | undefined): boolean {
  return state?.current !== undefined && state.current.startedAtMs !== undefined && state.current.exit === undefined;
}

/** Made, perhaps started, and not ended: it holds a process. */
export function isAlive(state: ContainerState | undefined): boolean {
  return state?.current !== undefined && state.current.exit === undefined;
}

/** Why a pod is being ended for good. */
export interface Ending {
  readonly cause: 'deleted' | 'deadline' | 'completed' | 'rejected' | 'lost';
  /** Becomes the status's reason and message. */
  readonly reason?: string;
  readonly message?: string;
}

export interface PodState {
  readonly containers: ReadonlyMap<string, ContainerState>;
  /** `ready`: namespaces and volumes are there, so containers can be made. */
  readonly sandbox: 'absent' | 'preparing' | 'ready' | 'removing' | 'removed';
  /** Preparing failed; not to be tried before this time. */
  readonly prepareAtMs: number | undefined;
  readonly address: string | undefined;
  readonly startedAtMs: number;
  readonly ending: Ending | undefined;
  /** Containers have ended and the address is given back: the API may forget the pod. */
  readonly released: boolean;
  /** Nothing is left but records: sandbox and volumes are gone too. */
  readonly finished: boolean;
}
