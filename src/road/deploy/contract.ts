import type { Clock } from '../../base/index.ts';
import type { Client, HttpClient } from '../../engine/client/index.ts';
import type { KubeObject } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { CanaryStep, MigrationFacts } from '../project/index.ts';
import type { Release } from '../releases/index.ts';

/** A client; over HTTP it can also read logs, reach Services through the API server and look into containers. */
export type RoadClient = Client & Partial<Pick<HttpClient, 'request' | 'exec'>>;

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

export type Strategy = 'rolling' | 'recreate' | 'blue-green' | 'canary';

/** A new state of an app, and how it is to get there. */
export interface ReleaseRequest {
  readonly app: string;
  readonly namespace: string;
  readonly strategy: Strategy;
  /** Everything the app consists of, in the order it is applied. */
  readonly objects: readonly Manifest[];
  /** Name of the Deployment that serves, of its Service and of its Ingress; undefined when nothing is served. */
  readonly front: string | undefined;
  readonly image: string | undefined;
  readonly imageDigest?: string | undefined;
  readonly sourceHash?: string | undefined;
  readonly rollbackOf?: number;
  /** Paths that a smoke test asks, cheapest first; none: no smoke test. */
  readonly smokePaths: readonly string[];
  /** Where users come in; undefined where nothing leads into the cluster. */
  readonly url?: string | undefined;
  /** Blue-green: how long the new version serves before the old one is given up; undefined: until promoted. */
  readonly hold: { readonly seconds: number | undefined };
  readonly canary: readonly CanaryStep[];
  readonly gates?: Gates;
  /** Requests a second that prove the release; undefined: none are sent. */
  readonly ratePerSecond?: number;
  readonly migrations?: MigrationFacts;
}

/** Bounds that a release must keep. */
export interface Gates {
  /** 1 when not given. */
  readonly errorPercentMax?: number;
  /** When not given: five times what it was before, and more than a second. */
  readonly latencyP99MsMax?: number;
}

/** What is in the cluster as a release is planned. Objects go by `kind/name`. */
export interface LiveState {
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** The release whose objects serve now. */
  readonly last: Release | undefined;
  /** ConfigMaps, and Jobs that migrated or were hooks, that wherry wrote for the app in whatever release; `kind/name`. */
  readonly written: readonly string[];
  /** `spec.controller` of the class that the app's Ingress has; undefined without Ingress or class. */
  readonly ingressController: string | undefined;
}

/** One thing that a release does. Each may be done again after it was cut off, with the same end. */
export type PlanStep = {
  /** For people: what is done, to what, and why then. */
  readonly sentence: string;
} & (
  | {
      /** Objects are written in order; stateful servers among them are waited for. */ readonly type: 'write';
      readonly objects: readonly string[];
    }
  | {
      readonly type: 'job';
      readonly object: string;
      readonly stage: JobStage;
    }
  | { readonly type: 'away'; readonly deployment: string }
  | {
      /** Workloads are written together and waited for together. */ readonly type: 'roll';
      readonly objects: readonly string[];
    }
  | { readonly type: 'next'; readonly replicas: number }
  | { readonly type: 'smoke'; readonly through: 'next' | 'front'; readonly paths: readonly string[] }
  | {
      readonly type: 'traffic';
      readonly to: 'stable' | 'next' | 'both';
      readonly by: 'service' | 'ingress';
      /** Of the new version. */
      readonly weightPercent: number;
    }
  | { readonly type: 'hold' /** Undefined: until promoted. */; readonly seconds: number | undefined }
  | { readonly type: 'remove'; readonly objects: readonly string[] }
);

export type JobStage = 'seed' | 'migrate' | 'before' | 'between' | 'after';

/** What served before the first change; what an undo goes back to. */
export interface Before {
  /** Number of the release that served; undefined when none is known. */
  readonly release: number | undefined;
  /** Objects that the release changes, as they were. */
  readonly objects: readonly Manifest[];
  /** `kind/name` of what the release brings. */
  readonly created: readonly string[];
  /** Whether the front was served before; otherwise nobody waits for it when going back. */
  readonly served: boolean;
}

/** A release as data: printed by a dry run, kept in its record, gone through by `runPlan`. */
export interface Plan {
  readonly app: string;
  readonly namespace: string;
  readonly strategy: Strategy;
  readonly front: string | undefined;
  readonly steps: readonly PlanStep[];
  /** What the reader should know before it runs, one line each. */
  readonly notes: readonly string[];
  readonly before: Before;
  /** Paths asked by a smoke test; those of the load too. */
  readonly smokePaths: readonly string[];
  readonly url: string | undefined;
  readonly gates: Gates;
  readonly ratePerSecond: number | undefined;
  readonly canGoBack: Release['canGoBack'];
  /** Name of the Job that migrates; undefined when none runs. */
  readonly migration: string | undefined;
  /** Set once the release is being taken back. */
  readonly undoing?: Undoing;
}

export interface Undoing {
  readonly reason: string;
  readonly verdict: 'undone' | 'aborted';
}

/** What a run tells while it goes on. */
export type RunEvent =
  | {
      readonly type: 'step';
      readonly index: number;
      readonly of: number;
      readonly step: PlanStep;
      readonly undo: boolean;
    }
  | {
      readonly type: 'done';
      readonly index: number;
      readonly of: number;
      readonly step: PlanStep;
      readonly undo: boolean;
    }
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'undo'; readonly reason: string; readonly verdict: Undoing['verdict'] };
