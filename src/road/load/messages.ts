import type { LoadCount, LoadOptions, LoadReport } from './contract.ts';

/** What the load's own process is told. Clock and signal stay where they are. */
export type ToLoad =
  | { readonly type: 'start'; readonly options: Omit<LoadOptions, 'clock' | 'signal'> }
  | { readonly type: 'mark'; readonly phase: string }
  | { readonly type: 'recent'; readonly id: number; readonly windowMs: number }
  | { readonly type: 'stop' };

/** What it tells. */
export type FromLoad =
  | { readonly type: 'started' }
  | { readonly type: 'recent'; readonly id: number; readonly count: LoadCount }
  /** The duration is over; open requests may still be out. */
  | { readonly type: 'ended' }
  | { readonly type: 'report'; readonly report: LoadReport };
