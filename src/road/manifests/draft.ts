import type { Application, Part, SettingSet } from '../model/index.ts';
import type { ObjectsOptions } from './contract.ts';
import type { Secrets } from './secrets.ts';
import type { Settings } from './settings.ts';

/** What the writers of the single objects share. */
export interface Draft {
  readonly application: Application;
  readonly options: ObjectsOptions;
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly notes: string[];
}

export function partOf(draft: Draft, name: string): Part | undefined {
  return draft.application.parts.find((part) => part.name === name);
}

export function setOf(draft: Draft, name: string): SettingSet | undefined {
  return draft.application.settings.find((set) => set.name === name);
}

export function imageOf(draft: Draft, part: Part): string {
  return 'build' in part.image ? draft.options.imageOf(part.image.build) : part.image.reference;
}

/** How many the part is wanted to be. One that writes a volume of one node is two only when somebody says so. */
export function replicasOf(draft: Draft, part: Part): number {
  const { application, options } = draft;
  if (part.single) return 1;
  if (part.name !== application.front) return part.replicas ?? 1;
  return options.replicas ?? part.replicas ?? (lonelyVolume(draft, part) === undefined ? 2 : 1);
}

/** The volume that only one node may write, if the part writes one: a second pod elsewhere would wait for it for ever. */
export function lonelyVolume({ application }: Draft, part: Part): string | undefined {
  if (part.kind !== 'deployment') return undefined;
  const written = part.mounts.flatMap(({ from, readOnly }) => (from.is === 'volume' && !readOnly ? [from.volume] : []));
  return written.find((name) => !application.volumes.some((volume) => volume.name === name && volume.shared));
}
