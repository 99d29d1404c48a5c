import { systemClock, UserError } from '../base/index.ts';
import {
  abortRelease,
  type HeldLease,
  isHeld,
  type LeaseTrace,
  lookAtLease,
  type Outcome,
  productionName,
  promoteRelease,
  proofText,
  type RoadClient,
  type RunSurroundings,
  resumeRelease,
  takeLease,
  unfinishedError,
} from '../road/deploy/index.ts';
import type { Ledger, Release } from '../road/releases/index.ts';
import { showRun } from './show-run.ts';
import type { Steps } from './steps.ts';

/** The app in its cluster that a release is about. */
export interface ReleasePlace {
  readonly client: RoadClient;
  readonly app: string;
  readonly namespace: string;
  readonly context: string;
}

export interface ReleaseFlags {
  readonly yes?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout?: string;
  /** Ends at a hold that waits for a promotion. */
  readonly detach?: boolean;
}

export async function ledgerOf({ client, app, namespace }: ReleasePlace): Promise<Ledger> {
  const { openLedger } = await import('../road/releases/index.ts');
  return openLedger(client, app, namespace);
}

/**
 * Does work on an app's releases while nobody else does. When a release is left unfinished, the lease keeps the trace of
 * where and when, for whoever comes next.
 * @throws UserError when somebody else holds it.
 */
export async function underLease<T>(
  place: ReleasePlace,
  doing: string,
  steps: Steps,
  signal: AbortSignal,
  work: (lease: HeldLease, trace: LeaseTrace | undefined) => Promise<T>,
): Promise<T> {
  const { client, app, namespace } = place;
  const trace = await lookAtLease(client, app, namespace, systemClock);
  const lease = await takeLease({
    client,
    app,
    namespace,
    clock: systemClock,
    doing,
    signal,
    onProgress: (text) => steps.line(`  ${text}`),
  });
  try {
    return await work(lease, trace);
  } finally {
    const isLeft = await ledgerOf(place)
      .then((ledger) => ledger.interrupted())
      // Out of reach: then so is the lease, and it runs out by itself.
      .catch(() => undefined);
    await lease.release(isLeft !== undefined).catch(() => {});
  }
}

/** What `runPlan` is given, with its events shown. */
export function surroundings(
  place: ReleasePlace,
  ledger: Ledger,
  lease: HeldLease,
  steps: Steps,
  signal: AbortSignal,
  flags: ReleaseFlags,
): RunSurroundings {
  const timeout = timeoutMs(flags);
  return {
    client: place.client,
    clock: systemClock,
    ledger,
    lease,
    signal,
    onEvent: showRun(steps).onEvent,
    startLoad: async (options) => (await import('../road/load/index.ts')).startLoad(options),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    leaveAtHold: flags.detach ?? false,
  };
}

export function timeoutMs({ timeout }: ReleaseFlags): number | undefined {
  if (timeout === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(timeout)) {
    throw new UserError('--timeout', `"${timeout}" is not a number from 1 to 99999`, 'It is in seconds.', {
      exitStatus: 2,
    });
  }
  return Number(timeout) * 1000;
}

/**
 * Settles a release that was cut off before a new one begins: on a terminal it asks, elsewhere, or where
 * nothing is to be asked, it tells.
 * @throws UserError naming the step it was left at, and the commands that go on and back.
 */
export async function settleUnfinished(
  ledger: Ledger,
  around: RunSurroundings,
  trace: LeaseTrace | undefined,
  steps: Steps,
  flags: ReleaseFlags,
): Promise<void> {
  const left = await ledger.interrupted();
  if (!left) return;
  const told = unfinishedError(left, trace, systemClock);
  if (!isTerminal() || flags.yes || flags.json) throw told;
  steps.line(`${told.place} ${told.fault}`);
  const held = isHeld(left);
  const { select, isCancel } = await import('@clack/prompts');
  const choice = await select({
    message: 'What shall become of it?',
    options: [
      held
        ? { value: 'promote' as const, label: 'promote: go on past the hold' }
        : { value: 'resume' as const, label: 'resume: go on where it was left' },
      { value: 'abort' as const, label: 'abort: go back to what served before' },
      { value: 'leave' as const, label: 'leave it, and do nothing' },
    ],
  });
  if (isCancel(choice) || choice === 'leave') throw told;
  const outcome = await { promote: promoteRelease, resume: resumeRelease, abort: abortRelease }[choice](left, around);
  if (outcome.verdict !== 'aborted') tellOutcome(outcome, steps);
  if (outcome.verdict === 'held') throw unfinishedError(await ledger.get(outcome.number), undefined, systemClock);
}

/** Asks before a place that is called like production; without a terminal --yes must have been said. */
export async function confirmProduction(
  names: readonly (string | undefined)[],
  what: string,
  flags: ReleaseFlags,
): Promise<void> {
  const name = productionName(names);
  if (name === undefined || flags.yes) return;
  await confirm(`${name} looks like production. ${what}?`, name, 'looks like production');
}

/** Asks; @throws UserError when the answer is no, or nobody is there to give one. */
export async function confirm(question: string, place: string, fault: string): Promise<void> {
  if (!isTerminal()) throw new UserError(place, fault, 'Say --yes if it is meant.');
  const { confirm: ask, isCancel } = await import('@clack/prompts');
  const answer = await ask({ message: question, initialValue: false });
  if (isCancel(answer) || !answer) throw new UserError(place, 'not confirmed, nothing was changed');
}

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** The end of a run as lines. @throws UserError for any end but a good one. */
export function tellOutcome(outcome: Outcome, steps: Steps): void {
  steps.end();
  if (outcome.proof) steps.line(`proof: ${proofText(outcome.proof)}`);
  if (outcome.verdict === 'held') {
    steps.line(`v${outcome.number} waits: wherry promote goes on, wherry abort goes back`);
    return;
  }
  if (outcome.verdict !== 'good') throw outcomeError(outcome);
}

/** A release that did not come to a good end. */
export class ReleaseError extends UserError {
  readonly outcome: Outcome;

  constructor(outcome: Outcome, place: string, fault: string, wayOut: string) {
    super(place, fault, wayOut);
    this.outcome = outcome;
  }
}

export function outcomeError(outcome: Outcome): UserError {
  const { number, verdict, reason } = outcome;
  const [first = '', ...rest] = (reason ?? '').split('\n');
  if (verdict === 'failed') {
    return new ReleaseError(
      outcome,
      `v${number} failed`,
      first,
      [...rest, 'wherry status shows what runs; wherry rollback brings the last good release back.'].join('\n'),
    );
  }
  const end = 'What served before serves on.';
  return new ReleaseError(outcome, `v${number} was ${verdict}`, first, [...rest, end].join('\n'));
}

/** What a script reads of a run. */
export function outcomeJson(release: Release | undefined, outcome: Outcome): object {
  return {
    number: outcome.number,
    verdict: outcome.verdict,
    reason: outcome.reason,
    gapMs: outcome.gapMs,
    proof: outcome.proof,
    ...(release ? { canGoBack: release.canGoBack, image: release.image, rollbackOf: release.rollbackOf } : {}),
  };
}
