import { systemClock, UserError } from '../base/index.ts';
import {
  abortRelease,
  askHolder,
  isHeld,
  type LeaseRequest,
  lookAtLease,
  type Outcome,
  promoteRelease,
  type RunSurroundings,
  resumeRelease,
} from '../road/deploy/index.ts';
import type { Ledger, Release } from '../road/releases/index.ts';
import type { PlaceOptions } from './place.ts';
import {
  outcomeJson,
  type ReleaseFlags,
  type ReleasePlace,
  surroundings,
  tellOutcome,
  underLease,
} from './release-ground.ts';
import { withRelease } from './release-place.ts';
import type { Steps } from './steps.ts';

export type Settling = 'resume' | 'abort' | 'promote';
export interface SettleOptions extends PlaceOptions, ReleaseFlags {}

const WORK: Readonly<Record<Settling, (release: Release, around: RunSurroundings) => Promise<Outcome>>> = {
  resume: resumeRelease,
  abort: abortRelease,
  promote: promoteRelease,
};
const DOING: Readonly<Record<Settling, string>> = { resume: 'resuming', abort: 'taking back', promote: 'promoting' };
const FOLLOW_MS = 500;
const FOLLOW_MAX_MS = 3_600_000;

/**
 * Goes on with, or back from, the release that is not finished. One that somebody else is at is asked for (promote and
 * abort), and followed to its end.
 * @throws UserError when none is unfinished, or it does not come to the end that was asked for.
 */
export async function settleRelease(
  settling: Settling,
  words: readonly string[],
  options: SettleOptions,
  steps: Steps,
  signal: AbortSignal,
): Promise<void> {
  await withRelease(words, options, signal, async ({ place, ledger, number }) => {
    const { client, app, namespace } = place;
    const left = await unfinished(ledger, app, number);
    const trace = await lookAtLease(client, app, namespace, systemClock);
    let outcome: Outcome;
    if (trace?.isHeld && settling !== 'resume') {
      if (settling === 'promote' && !isHeld(left)) throw notHeld(left, trace.doing);
      outcome = await askAndFollow(settling, left, place, ledger, steps, signal);
    } else {
      outcome = await underLease(
        place,
        `${DOING[settling]} v${left.number} of ${app}`,
        steps,
        signal,
        async (lease) => {
          // Whoever held the lease may have ended it meanwhile.
          const fresh = await unfinished(ledger, app, number);
          return await WORK[settling](fresh, surroundings(place, ledger, lease, steps, signal, options));
        },
      );
    }
    if (settling !== 'abort' || outcome.verdict !== 'aborted') tellOutcome(outcome, steps);
    steps.end();
    if (settling === 'abort' && outcome.verdict === 'good') {
      throw new UserError(
        `v${outcome.number}`,
        'came to its good end before it could be aborted',
        'It serves. wherry rollback goes back from it.',
      );
    }
    if (options.json) {
      console.log(JSON.stringify(outcomeJson(await ledger.get(outcome.number), outcome), null, 2));
    } else if (outcome.verdict === 'aborted') console.log(`v${outcome.number} of ${app} was taken back`);
    else if (outcome.verdict === 'good') console.log(`v${outcome.number} of ${app} serves`);
  });
}

async function unfinished(ledger: Ledger, app: string, number: number | undefined): Promise<Release> {
  const left = await ledger.interrupted();
  if (left && (number === undefined || left.number === number)) return left;
  const last = (await ledger.list()).at(-1);
  const fault = left
    ? `v${left.number} is the one that is not finished`
    : `nothing is unfinished${last ? `: v${last.number}, the newest, was ${last.verdict}` : ''}`;
  throw new UserError(app, fault, 'See them all: wherry releases. To go back from a finished one: wherry rollback.');
}

function notHeld(release: Release, doing: string | undefined): UserError {
  return new UserError(
    `v${release.number}`,
    `does not wait for a promotion yet${doing ? `: ${doing}` : ''}`,
    'Once it holds, run this again.',
  );
}

/** Leaves the work to whoever holds the lease, and waits for what comes of it. */
async function askAndFollow(
  request: LeaseRequest,
  { number, stepsDone }: Release,
  { client, app, namespace }: ReleasePlace,
  ledger: Ledger,
  steps: Steps,
  signal: AbortSignal,
): Promise<Outcome> {
  const step = steps.start(request);
  await askHolder(client, app, namespace, request);
  const started = systemClock.monotonic();
  for (let told = stepsDone; ; ) {
    await systemClock.sleep(FOLLOW_MS, signal);
    const release = (await ledger.list()).find((each) => each.number === number);
    if (!release) throw new UserError(`v${number}`, 'its record is gone');
    if (release.verdict !== 'running') {
      step.done(`v${number}: ${release.verdict}`);
      return { number, verdict: release.verdict, reason: release.reason, proof: release.proof, gapMs: undefined };
    }
    if (release.stepsDone !== told) step.progress(`v${number}: ${release.stepsDone} steps done`);
    told = release.stepsDone;
    const trace = await lookAtLease(client, app, namespace, systemClock);
    if (!trace?.isHeld) {
      throw new UserError(`v${number}`, 'whoever was at it has left it unfinished', `Run wherry ${request} again.`);
    }
    if (systemClock.monotonic() - started > FOLLOW_MAX_MS) {
      throw new UserError(`v${number}`, 'is still not finished after an hour', 'wherry releases shows how far it is.');
    }
  }
}
