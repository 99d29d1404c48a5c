import type { Clock } from '../../base/index.ts';
import type { Client, HttpClient } from '../../engine/client/index.ts';

/** A client; over HTTP it can also read logs and reach Services through the API server. */
export type RoadClient = Client & Partial<Pick<HttpClient, 'request'>>;

/** What happened, for whoever shows it. */
export type DeployStep =
  /** An object was written (`created`, `changed`) or found as wanted (`unchanged`). */
  | { readonly type: 'applied'; readonly object: string; readonly change: 'created' | 'changed' | 'unchanged' }
  /** Still waiting, and for what; sent again only when the reason changes. */
  | { readonly type: 'waiting'; readonly object: string; readonly reason: string }
  | { readonly type: 'ready'; readonly object: string; readonly tookMs: number };

export interface DeployOptions {
  readonly clock: Clock;
  readonly onStep: (step: DeployStep) => void;
  readonly signal: AbortSignal;
  /** Bound of each wait; 300 000 when not given. */
  readonly timeoutMs?: number;
}

export interface DeployResult {
  /** How many objects were created or changed. */
  readonly written: number;
}
