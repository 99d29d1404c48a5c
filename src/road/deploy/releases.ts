import { type Clock, UserError } from '../../base/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { author, type Release } from '../releases/index.ts';
import type { Plan, ReleaseRequest } from './contract.ts';
import { withTrack } from './front.ts';
import { nameOf } from './kinds-of.ts';
import type { LeaseTrace } from './lease.ts';
import type { RunSurroundings } from './run-context.ts';
import { type Outcome, runPlan } from './run-plan.ts';
import { bearsData, stageOf } from './sort-objects.ts';
import { ago } from './times.ts';

/** Takes the next number and goes through the plan. The plan is of this request. */
export async function startRelease(request: ReleaseRequest, plan: Plan, around: RunSurroundings): Promise<Outcome> {
  const objects = withTrack(request.objects, request.front);
  const { number } = await around.ledger.begin({
    by: author(),
    strategy: request.strategy,
    image: request.image,
    imageDigest: request.imageDigest,
    sourceHash: request.sourceHash,
    migration: plan.migration ? { job: plan.migration, verdict: 'not run' } : undefined,
    canGoBack: plan.canGoBack,
    rollbackOf: request.rollbackOf,
    objects,
    plan,
  });
  return await runPlan({ number, plan, objects, stepsDone: 0 }, around);
}

/** Goes on where a release was left; one that was being taken back is taken back to the end. */
export async function resumeRelease(release: Release, around: RunSurroundings): Promise<Outcome> {
  const { number, objects, stepsDone } = release;
  return await runPlan({ number, objects, stepsDone, plan: planOf(release) }, around);
}

/** Goes on past the hold that a release waits at. @throws UserError when it waits at none. */
export async function promoteRelease(release: Release, around: RunSurroundings): Promise<Outcome> {
  const { number, stepsDone } = release;
  const plan = planOf(release);
  if (!isHeld(release)) {
    const step = `step ${Math.min(stepsDone + 1, plan.steps.length)} of ${plan.steps.length}`;
    throw new UserError(
      `v${number}`,
      `does not wait for a promotion (it is at ${step})`,
      'wherry resume goes on with it.',
    );
  }
  await around.ledger.progress(number, stepsDone + 1);
  return await resumeRelease({ ...release, stepsDone: stepsDone + 1 }, around);
}

/** Takes a release back from wherever it was left. */
export async function abortRelease(release: Release, around: RunSurroundings): Promise<Outcome> {
  const { number, objects, stepsDone } = release;
  const plan = planOf(release);
  const undoing = plan.undoing ?? { verdict: 'aborted' as const, reason: `${author()} asked for it: wherry abort` };
  return await runPlan({ number, objects, stepsDone, plan: { ...plan, undoing } }, around);
}

/** The plan in a release's record. @throws UserError when another version wrote it in another shape. */
export function planOf(release: Release): Plan {
  const plan = release.plan as Partial<Plan> | null | undefined;
  if (plan && Array.isArray(plan.steps) && plan.before !== undefined && typeof plan.app === 'string')
    return plan as Plan;
  throw new UserError(
    `v${release.number} of ${release.app}`,
    'has a plan that this version of wherry cannot read',
    'Use the version that began it.',
  );
}

/** The release stands at a hold that only a promotion ends. */
export function isHeld(release: Release): boolean {
  const plan = planOf(release);
  const step = plan.steps[release.stepsDone];
  return !plan.undoing && step?.type === 'hold' && step.seconds === undefined;
}

/** Where an unfinished release stands, since when, and what goes on from there: for whoever comes next. */
export function unfinishedError(release: Release, trace: LeaseTrace | undefined, clock: Clock): UserError {
  const { number, stepsDone } = release;
  const { steps, undoing } = planOf(release);
  const sinceMs = trace?.renewedAtMs ?? Date.parse(release.startedAt);
  const who = `(${release.by}, ${ago(clock.now() - sinceMs)})`;
  if (undoing) {
    const why = undoing.reason.split('\n')[0] ?? '';
    return new UserError(
      `v${number}`,
      `was being taken back when it was interrupted ${who}: ${why}`,
      'wherry abort finishes that.',
    );
  }
  if (isHeld(release)) {
    const fault = `waits at step ${stepsDone + 1} of ${steps.length} ${who}`;
    return new UserError(`v${number}`, fault, 'wherry promote goes on, wherry abort goes back.');
  }
  const step = `step ${Math.min(stepsDone + 1, steps.length)} of ${steps.length}`;
  return new UserError(
    `v${number}`,
    `was interrupted at ${step} ${who}`,
    'wherry resume goes on, wherry abort goes back.',
  );
}

/**
 * What a rollback asks for: the objects of a release that was good; what bears data stays as the release has it that serves
 * (`current`), and what is run once is not run again.
 */
export function rollbackRequest(
  target: Release,
  current: Release | undefined,
  strategy: ReleaseRequest['strategy'],
): ReleaseRequest {
  const plan = planOf(target);
  const isKept = (object: Manifest): boolean => bearsData(object) && object.kind !== 'Job';
  const kept = (current?.objects ?? []).filter(isKept);
  const names = new Set(kept.map(nameOf));
  return {
    app: target.app,
    namespace: target.namespace,
    strategy,
    objects: [
      ...kept,
      ...target.objects.filter((object) => {
        const stage = object.kind === 'Job' ? stageOf(object) : undefined;
        return stage !== 'seed' && stage !== 'migrate' && !names.has(nameOf(object));
      }),
    ],
    front: plan.front,
    image: target.image,
    imageDigest: target.imageDigest,
    sourceHash: target.sourceHash,
    rollbackOf: target.number,
    smokePaths: plan.smokePaths,
    url: plan.url,
    hold: { seconds: 0 },
    canary: [],
    gates: plan.gates,
  };
}

/** Why it may not be safe to go from `current` back to `target`: what migrations between them did. */
export function rollbackRisks(all: readonly Release[], target: number, current: number): string[] {
  return all
    .filter(({ number, migration }) => number > target && number <= current && migration?.verdict === 'good')
    .filter(({ canGoBack }) => canGoBack.answer !== 'yes')
    .map(
      ({ number, canGoBack: { answer, why } }) =>
        `v${number}: ${answer === 'no' ? why : `${why}, so whether the old version runs on it is not known`}`,
    );
}
