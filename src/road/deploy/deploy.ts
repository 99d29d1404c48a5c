import { type Job, kinds } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { applyObject, liveObject } from './apply.ts';
import type { DeployOptions, DeployResult, RoadClient } from './contract.ts';
import { follow } from './follow.ts';
import { nameOf } from './kinds-of.ts';
import { waitForWorkload } from './wait.ts';
import { workloadState } from './workload-state.ts';

/**
 * Brings objects to a cluster in their order: stateful servers are ready before a Job runs, each Job has ended well
 * before the next thing is written, and the rest is written together and then waited for. What is as wanted already is
 * left alone; a Job that ended well is never run again.
 * @throws UserError with the why when something does not get ready; StatusError when the API refuses an object.
 */
export async function deploy(
  client: RoadClient,
  objects: readonly Manifest[],
  options: DeployOptions,
): Promise<DeployResult> {
  let written = 0;
  let pending: Manifest[] = [];
  const settle = async (): Promise<void> => {
    const waited = pending;
    pending = [];
    await Promise.all(waited.map((object) => waitForWorkload(client, object, options)));
  };
  for (const object of objects) {
    options.signal.throwIfAborted();
    if (object.kind === 'Job') {
      await settle();
      if (await runJob(client, object, options)) written++;
      continue;
    }
    if (object.kind === 'Deployment') await settle();
    const change = await applyObject(client, object);
    options.onStep({ type: 'applied', object: nameOf(object), change });
    if (change !== 'unchanged') written++;
    if (object.kind === 'Deployment' || object.kind === 'StatefulSet') pending.push(object);
  }
  await settle();
  return { written };
}

/** Runs a Job that has not run; true when it had to. One that failed before is taken away and run anew. */
async function runJob(client: RoadClient, object: Manifest, options: DeployOptions): Promise<boolean> {
  const { namespace, name } = object.metadata;
  const live = await liveObject(client, object);
  const state = live && workloadState(live);
  if (state?.is === 'ready') {
    options.onStep({ type: 'applied', object: nameOf(object), change: 'unchanged' });
    return false;
  }
  if (state?.is === 'failed') {
    await client.delete<Job>(kinds.jobs, namespace, name, { propagationPolicy: 'Background' });
    await gone(client, namespace ?? 'default', name, options);
  }
  if (state?.is !== 'waiting') {
    await applyObject(client, object);
    options.onStep({ type: 'applied', object: nameOf(object), change: 'created' });
  }
  await waitForWorkload(client, object, options);
  return true;
}

async function gone(client: RoadClient, namespace: string, name: string, options: DeployOptions): Promise<void> {
  const ending = new AbortController();
  const limit = options.clock.after(options.timeoutMs ?? 60_000, () => ending.abort());
  const signal = AbortSignal.any([ending.signal, options.signal]);
  try {
    await follow(
      client,
      kinds.jobs,
      { namespace, fieldSelector: `metadata.name=${name}` },
      {
        signal,
        clock: options.clock,
        onChange(jobs) {
          if (jobs.length === 0) ending.abort();
        },
      },
    );
  } finally {
    limit.cancel();
  }
}
