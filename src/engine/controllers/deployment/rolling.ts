import type { ReplicaSet } from '../../kinds/index.ts';
import { active, askedReplicas, compareTimes, maxUnavailable, newSetReplicas, wanted } from './arithmetic.ts';
import { allSets, type SetControl, type Sets } from './sets.ts';

const available = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.status.availableReplicas ?? 0), 0);

/** One step of a rolling update: the new set up as far as the surge allows, else old ones down. Whether it took a step. */
export async function stepRolling(control: SetControl, sets: Sets): Promise<boolean> {
  return (await growNewSet(control, sets)) || (await shrinkOldSets(control, sets));
}

async function growNewSet(control: SetControl, sets: Sets): Promise<boolean> {
  const { deployment, newSet } = sets;
  if (newSet === undefined) return false;
  const size = newSet.spec.replicas ?? 0;
  if (size === wanted(deployment)) return false;
  const target = size > wanted(deployment) ? wanted(deployment) : newSetReplicas(deployment, allSets(sets), size);
  await control.scale(deployment, newSet, target);
  return target !== size;
}

async function shrinkOldSets(control: SetControl, sets: Sets): Promise<boolean> {
  const { deployment, newSet } = sets;
  const old = active(sets.oldSets).sort((a, b) =>
    compareTimes(a.metadata.creationTimestamp, b.metadata.creationTimestamp),
  );
  if (askedReplicas(old) === 0) return false;
  const minAvailable = wanted(deployment) - maxUnavailable(deployment);
  const newUnavailable = (newSet?.spec.replicas ?? 0) - (newSet?.status.availableReplicas ?? 0);
  const removable = askedReplicas(allSets(sets)) - minAvailable - newUnavailable;
  if (removable <= 0) return false;

  // Pods that serve nobody go first: they cost no availability.
  let cleaned = 0;
  const left: ReplicaSet[] = [];
  for (const set of old) {
    const size = set.spec.replicas ?? 0;
    const unhealthy = Math.min(removable - cleaned, Math.max(0, size - (set.status.availableReplicas ?? 0)));
    if (unhealthy > 0) cleaned += unhealthy;
    left.push(unhealthy > 0 ? await control.scale(deployment, set, size - unhealthy) : set);
  }

  let spare = available(newSet === undefined ? left : [...left, newSet]) - minAvailable;
  let scaled = 0;
  for (const set of left) {
    const size = set.spec.replicas ?? 0;
    if (spare <= 0) break;
    const count = Math.min(size, spare);
    if (count === 0) continue;
    await control.scale(deployment, set, size - count);
    spare -= count;
    scaled += count;
  }
  return cleaned + scaled > 0;
}
