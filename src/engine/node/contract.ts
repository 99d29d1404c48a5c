import type { Duplex, Readable, Writable } from 'node:stream';
import type { Running } from '../client/index.ts';
import type { ImageStore } from '../images/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { Network } from '../network/index.ts';
import type { Runtime } from '../runtime/index.ts';

export interface NodeOptions {
  /** The Node object's name. */
  name: string;
  /** Pods' directories lie in `pods/`, their logs in `logs/` below it. */
  directory: string;
  runtime: Runtime;
  images: ImageStore;
  /** Not given on a hollow node: pods get addresses that lead nowhere, no volume is written and no image pulled. */
  network: Network | undefined;
  addresses: { internalIp: string; hostname: string };
  /** `cpu` in whole or part cores. */
  capacity: { cpu: number; memoryBytes: number; pods: number; ephemeralStorageBytes: number };
  /** `v1.36.2` */
  kubernetesVersion: string;
  /** The address of the DNS service; empty: pods with the ClusterFirst policy get the node's resolv.conf. */
  clusterDns: string;
  clusterDomain: string;
  /** Whether pods get the variables of the services in their namespace; those of `kubernetes` they always get. */
  serviceEnvironment: boolean;
  /** Where this node reaches the API (`https://10.0.0.1:6443`); told by /configz only. */
  apiAddress: string;
  /** Labels of the Node object besides the well-known ones. */
  labels?: Readonly<Record<string, string>>;
}

export interface LogQuery {
  container?: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
  tailLines?: number;
  limitBytes?: number;
  /** `All`, `Stdout` or `Stderr`. */
  stream?: string;
}

export interface ExecRequest {
  container?: string;
  command: readonly string[];
  tty: boolean;
}

/** The streams of an exec or attach; those not asked for are undefined. */
export interface ExecStreams {
  stdin: Readable | undefined;
  stdout: Writable | undefined;
  stderr: Writable | undefined;
  onResize(listener: (size: { columns: number; rows: number }) => void): void;
  signal: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
}

export interface EndpointAnswer {
  status: number;
  contentType: string;
  body: string;
}

/**
 * A running node. `stop` leaves the containers running; the next start finds them again. What the API asks of a node
 * rejects with StatusError.
 */
export interface Node extends Running {
  readonly name: string;
  logs(pod: Pod, query: LogQuery, signal: AbortSignal): Promise<Readable>;
  exec(pod: Pod, request: ExecRequest, streams: ExecStreams): Promise<ExecResult>;
  attach(pod: Pod, request: Omit<ExecRequest, 'command'>, streams: ExecStreams): Promise<ExecResult>;
  /** A connection to a port of the pod's own 127.0.0.1. */
  portForward(pod: Pod, port: number): Promise<Duplex>;
  /** The node's own endpoints: /healthz, /metrics, /metrics/resource, /stats/summary, /pods, /configz. */
  nodeEndpoint(path: string): Promise<EndpointAnswer>;
}
