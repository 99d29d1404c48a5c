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

/** What a release is as it begins; the ledger gives number, time, and the hash of the configuration. */
export type ReleaseDraft = Pick<
  Release,
  | 'by'
  | 'strategy'
  | 'image'
  | 'imageDigest'
  | 'sourceHash'
  | 'migration'
  | 'canGoBack'
  | 'rollbackOf'
  | 'objects'
  | 'plan'
>;

/** What may change while a release runs. */
export type ReleaseChange = Partial<
  Pick<Release, 'plan' | 'migration' | 'canGoBack' | 'proof' | 'reason' | 'image' | 'imageDigest'>
>;

/**
 * The releases of one app. Every method rejects with StatusError for what the API refuses.
 * A number that is not there, or a change to a finished release, is a UserError.
 */
export interface Ledger {
  /**
   * All that are kept, oldest first. Large objects stand as what names them, without their values; `get` has them whole.
   */
  list(): Promise<Release[]>;
  get(number: number): Promise<Release>;
  /**
   * Takes the next number, atomically: of two that begin at once each gets its own. The namespace is made when it is not
   * there. Verdict `running`.
   */
  begin(draft: ReleaseDraft): Promise<Release>;
  /** Says how far a running release is. Idempotent. Answers as `list` does. */
  progress(number: number, stepsDone: number, change?: ReleaseChange): Promise<Release>;
  /** Gives the verdict and makes the record immutable; nothing of it ever changes again. Answers as `list` does. */
  finish(number: number, verdict: Exclude<Verdict, 'running'>, change?: ReleaseChange): Promise<Release>;
  /** The newest that is still running: under way, or cut off. Whole, as `get` has it. */
  interrupted(): Promise<Release | undefined>;
  /** The newest with verdict `good`, or undefined; whole, as `get` has it. */
  lastGood(): Promise<Release | undefined>;
  /**
   * Takes away all but the newest `keep` (20 when not given), the last two good ones and any that runs; tells their
   * numbers. Only for whoever holds the app's lease.
   */
  prune(keep?: number): Promise<number[]>;
}
