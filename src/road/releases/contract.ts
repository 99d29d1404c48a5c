import type { LoadReport } from '../load/index.ts';
import type { Manifest } from '../manifests/index.ts';

export type Verdict =
  /** Under way, or cut off: whoever holds the lease goes on. */
  | 'running'
  | 'good'
  /** A gate or the migration failed; what served before serves on. */
  | 'undone'
  /** It failed and could not be undone by itself. */
  | 'failed'
  /** Somebody stopped it and what served before serves on. */
  | 'aborted';

/** Build + configuration, numbered, append-only, kept in the cluster it runs in. */
export interface Release {
  readonly app: string;
  readonly namespace: string;
  /** From 1; `v3` to the user. */
  readonly number: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  /** `name@host`. */
  readonly by: string;
  readonly strategy: string;
  readonly image: string | undefined;
  /** `sha256:…`, where known. */
  readonly imageDigest: string | undefined;
  readonly sourceHash: string | undefined;
  /** Over every ConfigMap's values and every Secret's, so that a change shows without telling the values. */
  readonly configurationHash: string;
  readonly migration: { readonly job: string; readonly verdict: 'good' | 'failed' | 'not run' } | undefined;
  /** Whether going back to the release before is safe, and why. */
  readonly canGoBack: { readonly answer: 'yes' | 'no' | 'unknown'; readonly why: string };
  readonly proof: LoadReport | undefined;
  readonly verdict: Verdict;
  /** Why it has this verdict; for the bad ones with pod, exit code, last log lines and events. */
  readonly reason: string | undefined;
  readonly rollbackOf: number | undefined;
  /** Everything that was applied, in order. */
  readonly objects: readonly Manifest[];
  /** The plan and how far it is; only the runner reads it. */
  readonly plan: unknown;
  readonly stepsDone: number;
}
