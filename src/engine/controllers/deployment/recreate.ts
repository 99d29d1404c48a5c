import type { Pod, ReplicaSet } from '../../kinds/index.ts';
import { isPodTerminal } from '../pod-state.ts';
import { active, wanted } from './arithmetic.ts';
import type { SetControl, Sets } from './sets.ts';

/** Takes the old sets down first; whether there was anything to take down. */
export async function stopOldSets(control: SetControl, sets: Sets): Promise<boolean> {
  const old = active(sets.oldSets);
  for (const set of old) await control.scale(sets.deployment, set, 0);
  return old.length > 0;
}

/** Whether pods of old sets are still there; those being terminated count, they may still hold what the new ones need. */
export function oldPodsRun(sets: Sets, podsOf: (set: ReplicaSet) => readonly Pod[]): boolean {
  return sets.oldSets.some((set) => podsOf(set).some((pod) => !isPodTerminal(pod)));
}

export async function startNewSet(control: SetControl, sets: Sets): Promise<void> {
  if (sets.newSet !== undefined) await control.scale(sets.deployment, sets.newSet, wanted(sets.deployment));
}
