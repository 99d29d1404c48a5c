import type { Clock } from '../../base/index.ts';
import type { LoadOptions, RunningLoad } from '../load/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Ledger } from '../releases/index.ts';
import type { DeployOptions, Plan, RoadClient, RunEvent } from './contract.ts';
import type { GapWatch } from './gap.ts';
import type { HeldLease } from './lease.ts';

/** What a run is given. */
export interface RunSurroundings {
  readonly client: RoadClient;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly lease: HeldLease;
  /** Aborting leaves the release where it is, to be resumed or aborted. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Bound of each wait; 300 000 when not given. */
  readonly timeoutMs?: number;
  /** Sends the requests that prove a release. */
  readonly startLoad?: (options: LoadOptions) => Promise<RunningLoad>;
  /** Ends at a hold that waits for a promotion, instead of waiting. */
  readonly leaveAtHold?: boolean;
}

/** What each step is given. */
export interface StepContext {
  readonly client: RoadClient;
  readonly clock: Clock;
  readonly plan: Plan;
  readonly number: number;
  /** Objects of the release; on the way back those from before come first. */
  readonly objects: readonly Manifest[];
  readonly undo: boolean;
  readonly signal: AbortSignal;
  readonly options: DeployOptions;
  readonly note: (text: string) => void;
  readonly progress: (text: string) => void;
  readonly leaveAtHold: boolean;
  /** Calls back once somebody promotes; answers the way to end that. */
  readonly onPromote: (handler: () => void) => () => void;
  readonly gap: GapClock;
}

/** The gap that the strategy makes, while it is measured and after. */
export interface GapClock {
  watch: GapWatch | undefined;
  lastedMs: number | undefined;
}
