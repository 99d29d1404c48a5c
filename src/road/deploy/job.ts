import { UserError } from '../../base/index.ts';
import { type Job, kinds, StatusError } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { applyObject, liveObject } from './apply.ts';
import type { DeployOptions, RoadClient } from './contract.ts';
import { follow } from './follow.ts';
import { nameOf } from './kinds-of.ts';
import { waitForWorkload } from './wait.ts';
import { workloadState } from './workload-state.ts';

const GONE_MS = 60_000;
/** The release that a Job last ran for; a hook runs once for each. */
export const RELEASE_ANNOTATION = 'wherry/release';

/** Runs a hook once for a release, whatever it did for an earlier one. */
export async function runHook(
  client: RoadClient,
  object: Manifest,
  release: number,
  options: DeployOptions,
): Promise<void> {
  const mark = { [RELEASE_ANNOTATION]: String(release) };
  const hook = {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...mark } },
  };
  const live = await liveObject(client, object);
  if (live && live.metadata.annotations?.[RELEASE_ANNOTATION] !== String(release)) {
    await takeAway(client, object, options);
  }
  await runJob(client, hook, options);
}

/** Runs a Job that has not run; true when it had to. One that failed before is taken away and run anew. */
export async function runJob(client: RoadClient, object: Manifest, options: DeployOptions): Promise<boolean> {
  const live = await liveObject(client, object);
  const state = live && workloadState(live);
  if (state?.is === 'ready') {
    options.onStep({ type: 'applied', object: nameOf(object), change: 'unchanged' });
    return false;
  }
  if (state?.is === 'failed') {
    await takeAway(client, object, options);
  }
  if (state?.is !== 'waiting') {
    await applyObject(client, object);
    options.onStep({ type: 'applied', object: nameOf(object), change: 'created' });
  }
  await waitForWorkload(client, object, options);
  return true;
}

async function takeAway(client: RoadClient, object: Manifest, options: DeployOptions): Promise<void> {
  const { namespace = 'default', name } = object.metadata;
  try {
    await client.delete<Job>(kinds.jobs, namespace, name, { propagationPolicy: 'Background' });
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  }
  const ending = new AbortController();
  let isGone = false;
  const limit = options.clock.after(options.timeoutMs ?? GONE_MS, () => ending.abort());
  try {
    await follow(
      client,
      kinds.jobs,
      { namespace, fieldSelector: `metadata.name=${name}` },
      {
        signal: AbortSignal.any([ending.signal, options.signal]),
        clock: options.clock,
        onChange(jobs) {
          if (jobs.length > 0) return;
          isGone = true;
          ending.abort();
        },
      },
    );
  } finally {
    limit.cancel();
  }
  options.signal.throwIfAborted();
  if (!isGone)
    throw new UserError(
      nameOf(object),
      'an earlier run of it does not go away',
      `kubectl -n ${namespace} describe job ${name} tells why.`,
    );
}
