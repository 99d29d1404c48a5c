import type { Duplex, Readable, Writable } from 'node:stream';
import type { Pod } from '../kinds/index.ts';

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
  /** Terminal sizes as they come; called at once with the first if there is one. */
  onResize(listener: (size: { columns: number; rows: number }) => void): void;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
}

/** What the API asks of the node that runs a pod. Rejects with StatusError. */
export interface NodeLink {
  logs(pod: Pod, query: LogQuery, signal: AbortSignal): Promise<Readable>;
  exec(pod: Pod, request: ExecRequest, streams: ExecStreams): Promise<ExecResult>;
  attach(pod: Pod, request: Omit<ExecRequest, 'command'>, streams: ExecStreams): Promise<ExecResult>;
  /** A connection to a port inside the pod's network (its 127.0.0.1). */
  portForward(pod: Pod, port: number): Promise<Duplex>;
  /** A connection to an address of the cluster's network, for the proxy subresources. */
  connect(host: string, port: number): Promise<Duplex>;
  /** The node's own endpoints (`/stats/summary`, `/metrics`, `/healthz`, `/configz`, `/pods`) for nodes/proxy. */
  nodeEndpoint(node: string, path: string): Promise<{ status: number; contentType: string; body: string }>;
}
