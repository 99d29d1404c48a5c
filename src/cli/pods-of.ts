import { UserError } from '../base/index.ts';
import { kinds, type Pod } from '../engine/kinds/index.ts';
import { INSTANCE_LABEL } from '../road/manifests/index.ts';
import type { Place } from './place.ts';

/** The pods an argument names: those of an app that wherry carried, or the one pod of that name. */
export async function podsOf({ client, namespace }: Place, name: string): Promise<readonly Pod[]> {
  const { items } = await client.list(kinds.pods, { namespace, labelSelector: `${INSTANCE_LABEL}=${name}` });
  if (items.length > 0) return items;
  const { items: all } = await client.list(kinds.pods, { namespace });
  const exact = all.filter(({ metadata }) => metadata.name === name);
  if (exact.length > 0) return exact;
  const apps = [...new Set(all.map(({ metadata }) => metadata.labels?.[INSTANCE_LABEL] ?? metadata.name))].sort();
  throw new UserError(
    `namespace ${namespace}`,
    `has no app and no pod "${name}"`,
    apps.length > 0 ? `There are: ${apps.slice(0, 12).join(', ')}` : 'Carry an app there: wherry up FOLDER',
  );
}

/** Not on its way out: after a release the old version's pods linger for a moment. */
export function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** The youngest first. */
export function byAge(one: Pod, other: Pod): number {
  return (one.metadata.creationTimestamp ?? '') > (other.metadata.creationTimestamp ?? '') ? -1 : 1;
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
