import { UserError } from '../base/index.ts';
import {
  checkRights,
  planRelease,
  planText,
  readLive,
  rollbackRequest,
  rollbackRisks,
  startRelease,
} from '../road/deploy/index.ts';
import type { Release } from '../road/releases/index.ts';
import type { PlaceOptions } from './place.ts';
import {
  confirm,
  confirmProduction,
  outcomeJson,
  type ReleaseFlags,
  settleUnfinished,
  surroundings,
  tellOutcome,
  underLease,
} from './release-ground.ts';
import { withRelease } from './release-place.ts';
import type { Steps } from './steps.ts';

export interface RollBackOptions extends PlaceOptions, ReleaseFlags {
  readonly strategy: 'rolling' | 'recreate' | 'blue-green';
  readonly dryRun?: boolean;
  readonly prove?: boolean;
  readonly rate?: string;
}

const RATE = 50;

/** The runbook of a rollback, which is a release: what an earlier one had, but for data and what runs once. */
export async function rollBack(
  words: readonly string[],
  options: RollBackOptions,
  steps: Steps,
  signal: AbortSignal,
): Promise<void> {
  await withRelease(words, options, signal, async ({ place, ledger, number }) => {
    const { app } = place;
    const planned = async () => {
      const all = await ledger.list();
      const current = all.findLast(({ verdict }) => verdict === 'good');
      const target = await ledger.get(targetOf(all, number, app));
      const last = await ledger.lastGood();
      const asked = rollbackRequest(target, last, options.strategy);
      const rate = options.prove || options.rate !== undefined ? Number(options.rate ?? RATE) : undefined;
      const request = rate === undefined ? asked : { ...asked, ratePerSecond: rate };
      const plan = planRelease(request, await readLive(place.client, request, last));
      const risks = rollbackRisks(all, target.number, current?.number ?? target.number);
      return { target, request, plan, risks };
    };
    if (options.dryRun) {
      const { target, plan, risks } = await planned();
      if (options.json) console.log(JSON.stringify({ app, rollbackOf: target.number, plan, risks }, null, 2));
      else {
        console.log(`${app} back to v${target.number}`);
        for (const line of [...planText(plan), ...risks.map((risk) => `! ${risk}`)]) console.log(`  ${line}`);
      }
      return;
    }
    await confirmProduction([place.context, place.namespace], `Roll ${app} back in it`, options);
    await underLease(place, `rolling ${app} back`, steps, signal, async (lease, trace) => {
      const around = surroundings(place, ledger, lease, steps, signal, options);
      await settleUnfinished(ledger, around, trace, steps, options);
      const { target, request, plan, risks } = await planned();
      for (const note of [...plan.notes, ...risks]) steps.line(`  ! ${note}`);
      const unsafe = risks.length > 0;
      if (unsafe && !options.yes) {
        const fault = `the database was migrated since: ${risks.join('; ')}`;
        await confirm(`Go back to v${target.number} all the same?`, `v${target.number}`, fault);
      }
      if (plan.steps.length === 0) {
        steps.line(`${app} is as v${target.number} had it; no release is made`);
        return;
      }
      await checkRights(place.client, plan, request.objects);
      const outcome = await startRelease(request, plan, around);
      tellOutcome(outcome, steps);
      if (options.json) {
        console.log(JSON.stringify(outcomeJson(await ledger.get(outcome.number), outcome), null, 2));
      } else console.log(`${app} serves v${target.number} again, as v${outcome.number}`);
    });
  });
}

/** The release named, or the last good one before the one that serves. @throws UserError when it cannot be gone back to. */
function targetOf(all: readonly Release[], number: number | undefined, app: string): number {
  const good = all.filter(({ verdict }) => verdict === 'good');
  if (number === undefined) {
    const failed = all.at(-1)?.verdict === 'failed';
    // After one that failed half-way the last good one is what to go back to.
    const before = failed ? good.at(-1) : good.at(-2);
    if (before) return before.number;
    throw new UserError(app, 'has no good release before the one that serves', 'See what there is: wherry releases');
  }
  const wanted = all.find((release) => release.number === number);
  if (wanted && wanted.verdict !== 'good') {
    throw new UserError(
      `v${number}`,
      `was ${wanted.verdict}, so it never served well`,
      `Good ones are: ${good.map((release) => `v${release.number}`).join(', ') || 'none'}`,
    );
  }
  return number;
}
