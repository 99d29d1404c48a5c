import { messageOf, UserError } from '../../base/index.ts';
import { kinds, StatusError } from '../../engine/kinds/index.ts';
import type { LoadReport } from '../load/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Release } from '../releases/index.ts';
import type { Plan, PlanStep, Undoing } from './contract.ts';
import { isPassing } from './patient.ts';
import { planUndo } from './plan-undo.ts';
import { type Proof, startProof } from './proof.ts';
import type { GapClock, RunSurroundings, StepContext } from './run-context.ts';
import { gapText, runStep } from './run-step.ts';
import { Held } from './step-hold.ts';

/** Steps in which no pod is being started. */
const SETTLED: ReadonlySet<PlanStep['type']> = new Set(['hold', 'smoke', 'traffic']);

/** The reason stands in the record twice, and a record has its bound. */
const REASON_LENGTH_MAX = 32 * 1024;

/** A release under way: what it does, and how far it is. */
export interface RunningRelease {
  readonly number: number;
  readonly plan: Plan;
  readonly objects: readonly Manifest[];
  readonly stepsDone: number;
}

/** What came of a release. */
export interface Outcome {
  readonly number: number;
  /** `held`: it waits for `wherry promote`. */
  readonly verdict: Exclude<Release['verdict'], 'running'> | 'held';
  readonly reason: string | undefined;
  readonly proof: LoadReport | undefined;
  /** How long nothing served, where the strategy makes that so; at most. */
  readonly gapMs: number | undefined;
}

/**
 * Goes through a release's plan from where it is to its end, and takes it back by itself when a step or a gate fails.
 * Every step that is done stands in the release's record before the next begins.
 * @throws UserError when it is stopped, or loses the cluster or its lease: then the release can be resumed or aborted.
 */
export async function runPlan(release: RunningRelease, around: RunSurroundings): Promise<Outcome> {
  const { plan, number } = release;
  const { ledger, clock, lease } = around;
  const aborting = new AbortController();
  const failing = new AbortController();
  const forget = lease.onRequest((request) => {
    if (request === 'abort') aborting.abort(new UserError(`v${number}`, 'was aborted'));
  });
  const signal = AbortSignal.any([around.signal, lease.lost, aborting.signal, failing.signal]);
  const gap: GapClock = { watch: undefined, lastedMs: undefined };
  let stepsDone = release.stepsDone;
  const afterwards: string[] = [];
  let proof: Proof | undefined;
  const hasMigrated = plan.steps.slice(0, stepsDone).some((step) => step.type === 'job' && step.stage === 'migrate');
  let migration: Release['migration'] = plan.migration
    ? { job: plan.migration, verdict: hasMigrated ? 'good' : 'not run' }
    : undefined;
  if (plan.undoing) return await goBack(release, plan.undoing);
  try {
    proof = await beginProof(release, around, signal);
    if (!isDown()) proof?.watch((fault) => failing.abort(fault));
    for (; stepsDone < plan.steps.length; ) {
      const step = plan.steps[stepsDone] as PlanStep;
      signal.throwIfAborted();
      if (step.type === 'away') proof?.rest();
      proof?.starting(!SETTLED.has(step.type));
      await oneStep(step, stepsDone, plan.steps.length, contextOf(false, signal)).catch((error: unknown) => {
        // All traffic is with the new version, which is good: a hook that only follows cannot undo it.
        if (step.type !== 'job' || step.stage !== 'after' || signal.aborted || !(error instanceof UserError))
          throw error;
        afterwards.push(messageOf(error));
        around.onEvent({ type: 'note', text: `the release stands, but ${messageOf(error)}` });
      });
      if (step.type === 'job' && step.stage === 'migrate') migration = { job: plan.migration ?? '', verdict: 'good' };
      if (step.type === 'roll') proof?.watch((fault) => failing.abort(fault));
      stepsDone++;
      await ledger.progress(number, stepsDone, migration ? { migration } : {});
    }
    proof ??= await lateProof(around);
    proof?.rest();
    await proof?.afterwards(signal);
    const report = await proof?.stop();
    proof = undefined;
    if (gap.lastedMs !== undefined) afterwards.unshift(gapText(gap.lastedMs, plan.url !== undefined));
    const reason = afterwards.length > 0 ? afterwards.join('\n') : undefined;
    await ledger.finish(number, 'good', { proof: report, reason });
    await prune();
    return { number, verdict: 'good', reason, proof: report, gapMs: gap.lastedMs };
  } catch (error) {
    if (error instanceof Held) {
      const report = await proof?.stop();
      return { number, verdict: 'held', reason: undefined, proof: report, gapMs: undefined };
    }
    const current = plan.steps[stepsDone];
    if (current?.type === 'job' && current.stage === 'migrate' && !signal.aborted) {
      migration = { job: plan.migration ?? '', verdict: 'failed' };
    }
    const undoing = await judge(error);
    return await goBack({ ...release, stepsDone }, undoing);
  } finally {
    forget();
    await gap.watch?.end();
    await proof?.stop().catch(() => {});
  }

  /** Taken up where nothing is meant to serve: what was taken away has not come back. */
  function isDown(): boolean {
    const done = plan.steps.slice(0, stepsDone + 1);
    return done.some(({ type }) => type === 'away') && !done.slice(0, -1).some(({ type }) => type === 'roll');
  }

  function contextOf(undo: boolean, stepSignal: AbortSignal): StepContext {
    const progress = (text: string): void => around.onEvent({ type: 'progress', text });
    return {
      client: around.client,
      clock,
      plan,
      number,
      objects: undo ? [...plan.before.objects, ...release.objects] : release.objects,
      undo,
      signal: stepSignal,
      options: {
        clock,
        signal: stepSignal,
        ...(around.timeoutMs === undefined ? {} : { timeoutMs: around.timeoutMs }),
        onStep(event) {
          if (event.type === 'applied') {
            if (event.change !== 'unchanged') progress(`${event.object} ${event.change}`);
          } else progress(event.type === 'ready' ? `${event.object} ready` : `${event.object}: ${event.reason}`);
        },
      },
      note: (text) => around.onEvent({ type: 'note', text }),
      progress,
      leaveAtHold: around.leaveAtHold ?? false,
      onPromote: (handler) => lease.onRequest((request) => (request === 'promote' ? handler() : undefined)),
      gap,
    };
  }

  async function oneStep(step: PlanStep, index: number, of: number, context: StepContext): Promise<void> {
    const { undo } = context;
    around.onEvent({ type: 'step', index, of, step, undo });
    const doing = undo ? `taking v${number} of ${plan.app} back` : `releasing v${number} of ${plan.app}`;
    await lease.tell(`${doing} (step ${index + 1} of ${of}: ${step.type})`, step.type === 'hold');
    await runStep(step, context);
    around.onEvent({ type: 'done', index, of, step, undo });
  }

  /** Why it is taken back; rethrows what must leave it as it is, for resume or abort. */
  async function judge(error: unknown): Promise<Undoing> {
    if (lease.lost.aborted) throw lease.lost.reason;
    if (around.signal.aborted) throw interrupted();
    if (aborting.signal.aborted) return { verdict: 'aborted', reason: 'somebody asked for it: wherry abort' };
    const fault: unknown = failing.signal.aborted ? failing.signal.reason : error;
    // Whatever it looked like: without the cluster nothing can be taken back, and little was known of the version.
    if (!(await reachable())) throw wayLost(fault);
    return { verdict: 'undone', reason: messageOf(fault).slice(0, REASON_LENGTH_MAX) };
  }

  function interrupted(): UserError {
    const step = `step ${Math.min(stepsDone + 1, plan.steps.length)} of ${plan.steps.length}`;
    return new UserError(`v${number}`, `stopped at ${step}`, 'wherry resume goes on, wherry abort goes back.');
  }

  function wayLost(fault: unknown): UserError {
    return new UserError(
      `v${number}`,
      `lost the way to the cluster at step ${Math.min(stepsDone + 1, plan.steps.length)} of ${plan.steps.length}: ${messageOf(fault).split('\n')[0] ?? ''}`,
      'Once it is back: wherry resume goes on, wherry abort goes back.',
      { cause: fault },
    );
  }

  async function reachable(): Promise<boolean> {
    try {
      await around.client.list(kinds.leases, { namespace: plan.namespace, limit: 1 });
      return true;
    } catch (error) {
      return error instanceof StatusError && !isPassing(error);
    }
  }

  async function goBack(at: RunningRelease, undoing: Undoing): Promise<Outcome> {
    const { verdict, reason } = undoing;
    around.onEvent({ type: 'undo', reason, verdict });
    const undoSignal = AbortSignal.any([around.signal, lease.lost]);
    let report: LoadReport | undefined;
    try {
      // From here on the release only goes back, whoever takes it up.
      await ledger.progress(number, at.stepsDone, { plan: { ...plan, undoing }, ...(migration ? { migration } : {}) });
      proof?.rest();
      proof?.mark('back');
      const steps = planUndo(plan, release.objects, at.stepsDone);
      for (const [index, step] of steps.entries()) {
        undoSignal.throwIfAborted();
        await oneStep(step, index, steps.length, contextOf(true, undoSignal));
      }
      report = await proof?.stop();
      proof = undefined;
    } catch (error) {
      if (lease.lost.aborted) throw lease.lost.reason;
      if (around.signal.aborted) throw interrupted();
      if (!(await reachable())) throw wayLost(error);
      const both = `${reason}\nIt could not be taken back by itself: ${messageOf(error)}`;
      await ledger.finish(number, 'failed', { reason: both, ...(migration ? { migration } : {}) });
      return { number, verdict: 'failed', reason: both, proof: undefined, gapMs: undefined };
    }
    await ledger.finish(number, verdict, { reason, proof: report, ...(migration ? { migration } : {}) });
    return { number, verdict, reason, proof: report, gapMs: gap.lastedMs };
  }

  /** Old records are only in the way; a release is no worse for them. */
  async function prune(): Promise<void> {
    try {
      await ledger.prune();
    } catch (error) {
      around.onEvent({ type: 'note', text: `old releases stay for now: ${messageOf(error)}` });
    }
  }

  async function lateProof(surroundings: RunSurroundings): Promise<Proof | undefined> {
    return plan.before.served ? undefined : await openProof(surroundings);
  }

  async function beginProof(
    { plan: { before } }: RunningRelease,
    surroundings: RunSurroundings,
    until: AbortSignal,
  ): Promise<Proof | undefined> {
    // Where nothing served, requests can only be sent once the new version does.
    if (!before.served) return undefined;
    const started = await openProof(surroundings);
    try {
      await started?.baseline(until);
    } catch (error) {
      await started?.stop().catch(() => {});
      throw error;
    }
    started?.mark('during');
    return started;
  }

  async function openProof(surroundings: RunSurroundings): Promise<Proof | undefined> {
    const { startLoad } = surroundings;
    const { ratePerSecond, url, gates } = plan;
    if (ratePerSecond === undefined || url === undefined || !startLoad) return undefined;
    const onProgress = (text: string): void => around.onEvent({ type: 'progress', text });
    return await startProof({ url, paths: plan.smokePaths, ratePerSecond, gates, clock, startLoad, onProgress });
  }
}
