import type { Manifest } from '../manifests/index.ts';
import { applyObject } from './apply.ts';
import type { DeployOptions, DeployResult, RoadClient } from './contract.ts';
import { runJob } from './job.ts';
import { nameOf } from './kinds-of.ts';
import { waitForWorkload } from './wait.ts';

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
