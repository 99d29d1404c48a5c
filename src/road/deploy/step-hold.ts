import { UserError } from '../../base/index.ts';
import { type Deployment, kinds, type Pod } from '../../engine/kinds/index.ts';
import { TRACK_LABEL } from '../manifests/index.ts';
import { liveObject } from './apply.ts';
import type { PlanStep } from './contract.ts';
import { findObject, nextDeployment, nextName } from './front.ts';
import { lastWords } from './last-words.ts';
import type { StepContext } from './run-context.ts';
import { smokeThrough } from './step-smoke.ts';
import { podSelector, waitForWorkload } from './wait.ts';

const LOOK_MS = 1_000;
const SMOKE_EVERY_MS = 5_000;
const UNREADY_MS = 10_000;

/** Thrown at a hold that waits for a promotion by somebody else. */
export class Held extends Error {
  override readonly name = 'Held';
}

/**
 * Lets time pass, or waits for a promotion, and watches the new pods: one that restarts or stays unready, or a smoke test
 * that fails, ends it. @throws UserError with the why; Held where the wait is left to `wherry promote`.
 */
export async function holdOn(step: Extract<PlanStep, { type: 'hold' }>, context: StepContext): Promise<void> {
  const { clock, plan, signal, client } = context;
  if (step.seconds === undefined && context.leaveAtHold) throw new Held('waits for wherry promote');
  const front = findObject(context.objects, `deployment/${plan.front}`);
  if (!front) return;
  const next = nextDeployment(front, 1);
  const selector = podSelector(front).replace(`${TRACK_LABEL}=stable`, `${TRACK_LABEL}=next`);
  let isPromoted = false;
  const ending = new AbortController();
  const forget = context.onPromote(() => {
    isPromoted = true;
    ending.abort();
  });
  const wake = AbortSignal.any([ending.signal, signal]);
  const started = clock.monotonic();
  let smokedMs = started;
  const restarts = await restartsOf(context, selector);
  if (step.seconds === undefined) context.progress('waits: wherry promote goes on, wherry abort goes back');
  try {
    for (;;) {
      const passed = clock.monotonic() - started;
      const leftMs = step.seconds === undefined ? LOOK_MS : step.seconds * 1000 - passed;
      if (leftMs <= 0 || isPromoted) return;
      await clock.sleep(Math.min(LOOK_MS, leftMs), wake).catch(() => {});
      signal.throwIfAborted();
      if (isPromoted) return;
      await watchPods(context, selector, restarts);
      const live = (await liveObject(client, next)) as Deployment | undefined;
      const { availableReplicas = 0 } = live?.status ?? {};
      if (!live) throw new UserError(`deployment/${nextName(plan.front ?? '')}`, 'somebody took it away');
      if (availableReplicas < (live.spec.replicas ?? 1)) {
        const options = { ...context.options, timeoutMs: UNREADY_MS, signal };
        await waitForWorkload(client, next, options);
      }
      if (clock.monotonic() - smokedMs >= SMOKE_EVERY_MS && plan.smokePaths.length > 0) {
        const paths = plan.smokePaths.slice(0, 1);
        await smokeThrough({ type: 'smoke', through: 'next', paths, sentence: '' }, { ...context, progress: () => {} });
        smokedMs = clock.monotonic();
      }
    }
  } finally {
    forget();
  }
}

async function restartsOf({ client, plan }: StepContext, labelSelector: string): Promise<Map<string, number>> {
  const { items } = await client.list<Pod>(kinds.pods, { namespace: plan.namespace, labelSelector });
  return new Map(
    items.map(({ metadata, status }) => [
      metadata.name ?? '',
      (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ]),
  );
}

async function watchPods(context: StepContext, selector: string, before: ReadonlyMap<string, number>): Promise<void> {
  for (const [pod, count] of await restartsOf(context, selector)) {
    if (count <= (before.get(pod) ?? 0)) continue;
    const wayOut = await lastWords(context.client, context.plan.namespace, selector);
    throw new UserError(`pod ${pod}`, 'restarted while the new version was watched', wayOut);
  }
}
