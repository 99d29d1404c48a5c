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

/** How many the part is wanted to be. */
export function replicasOf({ application, options }: Draft, part: Part): number {
  if (part.single) return 1;
  if (part.name !== application.front) return part.replicas ?? 1;
  return options.replicas ?? part.replicas ?? 2;
}
