import type { Deployment, ReplicaSet } from '../../kinds/index.ts';
import { maxSurge } from './arithmetic.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that its ReplicaSets do not take over. */
const KEPT_BACK = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
const HISTORY_CHARACTERS_MAX = 2000;

type Annotations = Readonly<Record<string, string>>;

export function revisionOf(set: ReplicaSet): number {
  const revision = Number(set.metadata.annotations?.[REVISION] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

/** The sizes a ReplicaSet was last scaled under; a scaled Deployment is told by their being out of date. */
export function replicaAnnotations(deployment: Deployment): Annotations {
  const replicas = deployment.spec.replicas ?? 1;
  return { [DESIRED_REPLICAS]: String(replicas), [MAX_REPLICAS]: String(replicas + maxSurge(deployment)) };
}

/**
 * The annotations of the ReplicaSet of the newest revision. A set that had a revision and gets a newer one was rolled
 * back to; its old number goes to the history annotation.
 */
export function newSetAnnotations(
  deployment: Deployment,
  before: Annotations | undefined,
  revision: number,
): Annotations {
  const after: Record<string, string> = { ...before };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!KEPT_BACK.has(name)) after[name] = value;
  }
  const old = before?.[REVISION];
  const oldNumber = Number(old ?? 0);
  if (!Number.isInteger(oldNumber)) return after;
  if (oldNumber < revision) {
    after[REVISION] = String(revision);
    if (old !== undefined) after[REVISION_HISTORY] = history(before?.[REVISION_HISTORY], old);
  }
  return before === undefined ? { ...after, ...replicaAnnotations(deployment) } : after;
}

function history(before: string | undefined, revision: string): string {
  const numbers = [...(before ? before.split(',') : []), revision];
  while (numbers.length > 1 && numbers.join(',').length > HISTORY_CHARACTERS_MAX) numbers.shift();
  return numbers.join(',');
}
