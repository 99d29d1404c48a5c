import { UserError } from '../../base/index.ts';
import { kinds, type Pod } from '../../engine/kinds/index.ts';
import { liveObject } from './apply.ts';
import { follow } from './follow.ts';
import { watchGap } from './gap.ts';
import { kindOf } from './kinds-of.ts';
import type { StepContext } from './run-context.ts';
import { objectOf } from './run-step.ts';
import { podSelector } from './wait.ts';

const GONE_MS = 300_000;

/** Scales a Deployment to nothing and waits until its last pod has gone. */
export async function takeAway(name: string, context: StepContext): Promise<void> {
  const { client, clock, gap, options, signal } = context;
  const object = objectOf(name, context);
  const live = await liveObject(client, object);
  if (!live) return;
  const namespace = object.metadata.namespace ?? 'default';
  gap.watch = watchGap(
    context.plan.url && new URL(context.plan.smokePaths[0] ?? '/', context.plan.url).href,
    clock,
    signal,
  );
  const body = { spec: { replicas: 0 } };
  await client.patch(
    kindOf(object),
    namespace,
    object.metadata.name,
    { type: 'merge', body },
    { fieldManager: 'wherry' },
  );
  const ending = new AbortController();
  const timeoutMs = options.timeoutMs ?? GONE_MS;
  const limit = clock.after(timeoutMs, () => ending.abort());
  let left: readonly Pod[] = [];
  let told = -1;
  try {
    await follow(
      client,
      kinds.pods,
      { namespace, labelSelector: podSelector(live) },
      {
        signal: AbortSignal.any([ending.signal, signal]),
        clock,
        onChange(pods) {
          left = pods;
          if (left.length === 0) ending.abort();
          else if (told !== left.length) context.progress(`${name}: ${left.length} old pods are leaving`);
          told = left.length;
        },
      },
    );
  } finally {
    limit.cancel();
  }
  signal.throwIfAborted();
  if (left.length > 0) {
    const pods = left.map(({ metadata }) => metadata.name).join(', ');
    throw new UserError(name, `after ${Math.round(timeoutMs / 1000)} s its old pods have not gone: ${pods}`);
  }
}
