import type { Readable, Writable } from 'node:stream';

/** The namespaces that the containers of a pod share, and their cgroup. */
export interface SandboxSpec {
  /** The pod's uid. */
  readonly id: string;
  readonly hostname: string;
  /** Use the node's own network (`hostNetwork`). */
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** One process namespace for all containers (`shareProcessNamespace`). */
  readonly sharedPid: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
}

export interface ResourceLimits {
  readonly cpuShares?: number;
  /** Of a 100 000 us period. */
  readonly cpuQuotaUs?: number;
  readonly memoryBytesMax?: number;
  readonly pidsMax?: number;
}

export interface Sandbox {
  readonly id: string;
  /** Path of the network namespace; undefined with hostNetwork or the hollow driver. */
  readonly networkNamespace: string | undefined;
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly type: 'bind' | 'tmpfs' | 'proc';
  readonly propagation?: 'private' | 'rslave' | 'rshared';
  readonly sizeBytesMax?: number;
}

export interface ContainerSpec {
  /** Unique on the machine: container names, pod uid and attempt. */
  readonly id: string;
  readonly sandboxId: string;
  /** Unpacked layers, lowest first. */
  readonly layerDirectories: readonly string[];
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly mounts: readonly Mount[];
  readonly limits: ResourceLimits;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly privileged: boolean;
  readonly readOnlyRoot: boolean;
  readonly noNewPrivileges: boolean;
  /** Capabilities by name without CAP_. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly seccomp: 'RuntimeDefault' | 'Unconfined';
  readonly maskedProc: boolean;
  readonly oomScoreAdjust: number;
  /** Where the log goes, in the CRI format. */
  readonly logPath: string;
  /** Process namespace shared with this container (ephemeral debug containers). */
  readonly targetContainerId?: string;
}

export interface ContainerState {
  readonly id: string;
  readonly state: 'created' | 'running' | 'exited';
  readonly pid: number | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly outOfMemory: boolean;
}

export interface ExecSpec {
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly signal?: AbortSignal;
  /** Killed past this. */
  readonly timeoutMs?: number;
  onResize?(listener: (size: { columns: number; rows: number }) => void): void;
}

export interface ContainerStats {
  readonly cpuUsageNs: number;
  readonly memoryBytes: number;
  readonly memoryWorkingSetBytes: number;
}

/**
 * Runs containers. They outlive the engine; `list` of a new process finds them again. Every method is idempotent where
 * its name allows it (removing what is not there is no error).
 */
export interface Runtime {
  readonly name: string;
  createSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /** Kills what runs in it, then removes its containers, namespaces and cgroup. */
  removeSandbox(id: string): Promise<void>;
  sandboxes(): Promise<readonly Sandbox[]>;
  create(spec: ContainerSpec): Promise<void>;
  start(id: string): Promise<void>;
  /** No error when it has ended already. */
  signal(id: string, signal: string): Promise<void>;
  remove(id: string): Promise<void>;
  list(): Promise<readonly ContainerState[]>;
  state(id: string): Promise<ContainerState | undefined>;
  /** Told once for every container that ends, also of those found again. */
  onExit(listener: (state: ContainerState) => void): void;
  exec(id: string, spec: ExecSpec): Promise<{ exitCode: number }>;
  attach(id: string, streams: Omit<ExecSpec, 'argv'>): Promise<{ exitCode: number }>;
  stats(id: string): Promise<ContainerStats | undefined>;
  close(): Promise<void>;
}
