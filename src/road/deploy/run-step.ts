import { Bug, UserError } from '../../base/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { applyObject } from './apply.ts';
import type { PlanStep } from './contract.ts';
import { findObject, nextDeployment, nextService } from './front.ts';
import { runHook, runJob } from './job.ts';
import { nameOf } from './kinds-of.ts';
import type { StepContext } from './run-context.ts';
import { takeAway } from './step-away.ts';
import { holdOn } from './step-hold.ts';
import { removeObjects } from './step-remove.ts';
import { smokeThrough } from './step-smoke.ts';
import { leadTraffic } from './step-traffic.ts';
import { waitForWorkload } from './wait.ts';

/** Does one step of a plan. Doing it again after it was cut off, at whatever point, comes to the same end. */
export async function runStep(step: PlanStep, context: StepContext): Promise<void> {
  switch (step.type) {
    case 'write':
      await write(step.objects, context, ({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
      return;
    case 'roll':
      await write(step.objects, context, () => true);
      await endGap(context);
      return;
    case 'job': {
      const job = objectOf(step.object, context);
      if (step.stage === 'seed' || step.stage === 'migrate') await runJob(context.client, job, context.options);
      else await runHook(context.client, job, context.number, context.options);
      return;
    }
    case 'next': {
      const { client, plan, options } = context;
      const deployment = nextDeployment(objectOf(`deployment/${plan.front}`, context), step.replicas);
      await applyAndTell(nextService(objectOf(`service/${plan.front}`, context)), context);
      await applyAndTell(deployment, context);
      await waitForWorkload(client, deployment, options);
      return;
    }
    case 'away':
      await takeAway(step.deployment, context);
      return;
    case 'smoke':
      await smokeThrough(step, context);
      return;
    case 'traffic':
      await leadTraffic(step, context);
      return;
    case 'hold':
      await holdOn(step, context);
      return;
    case 'remove':
      await removeObjects(step.objects, context);
      return;
    default:
      throw new UserError('plan', 'was written by another version of wherry', 'wherry abort goes back.');
  }
}

export function objectOf(name: string, context: StepContext): Manifest {
  const found = findObject(context.objects, name);
  if (!found) throw new Bug(`the release has no ${name}`);
  return found;
}

export async function applyAndTell(object: Manifest, { client, options }: StepContext): Promise<void> {
  const change = await applyObject(client, object);
  options.onStep({ type: 'applied', object: nameOf(object), change });
}

async function write(
  names: readonly string[],
  context: StepContext,
  isWaitedFor: (object: Manifest) => boolean,
): Promise<void> {
  const objects = names.map((name) => objectOf(name, context));
  for (const object of objects) {
    context.signal.throwIfAborted();
    await applyAndTell(object, context);
  }
  // Going back to what did not serve before, nobody waits for it to serve.
  if (context.undo && !context.plan.before.served) return;
  await Promise.all(
    objects.filter(isWaitedFor).map((object) => waitForWorkload(context.client, object, context.options)),
  );
}

async function endGap({ gap, note, plan }: StepContext): Promise<void> {
  if (!gap.watch) return;
  gap.lastedMs = Math.round(await gap.watch.end());
  gap.watch = undefined;
  note(gapText(gap.lastedMs, plan.url !== undefined));
}

/** What the gap came to. `isMeasured`: by requests; else it is only known to be no longer. */
export function gapText(lastedMs: number, isMeasured: boolean): string {
  return `nothing served for ${isMeasured ? '' : 'at most '}${(lastedMs / 1000).toFixed(1)} s`;
}
