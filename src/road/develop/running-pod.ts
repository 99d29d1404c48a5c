import { UserError } from '../../base/index.ts';
import { kinds, type Pod } from '../../engine/kinds/index.ts';
import { follow } from '../deploy/index.ts';
import type { DevelopedPart, DevelopmentPlace } from './contract.ts';

const WAIT_MS = 60_000;

/** The newest pod of a part whose app container runs; waits for one. @throws UserError when none comes within a minute. */
export async function runningPod(
  place: DevelopmentPlace,
  part: DevelopedPart,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly uid: string }> {
  const { client, namespace, clock } = place;
  const ending = new AbortController();
  const limit = clock.after(WAIT_MS, () => ending.abort());
  let found: Pod | undefined;
  try {
    const query = { namespace, labelSelector: part.labelSelector };
    await follow(client, kinds.pods, query, {
      signal: AbortSignal.any([ending.signal, signal]),
      clock,
      onChange(pods) {
        found = pods.filter((pod) => isRunning(pod, part.container)).sort(byAge)[0];
        if (found) ending.abort();
      },
    });
  } finally {
    limit.cancel();
  }
  signal.throwIfAborted();
  if (found) return { name: found.metadata.name, uid: found.metadata.uid };
  throw new UserError(`deployment/${part.deployment}`, 'has no running pod', `See why: wherry status ${place.app}`);
}

function isRunning({ metadata, status }: Pod, container: string): boolean {
  return (
    !metadata.deletionTimestamp &&
    (status.containerStatuses?.some(({ name, state }) => name === container && state?.running) ?? false)
  );
}

function byAge(a: Pod, b: Pod): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1;
}
