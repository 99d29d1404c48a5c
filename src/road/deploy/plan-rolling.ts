import type { PlanStep } from './contract.ts';
import { nameOf } from './kinds-of.ts';
import {
  closingSteps,
  configurationSteps,
  type Ground,
  jobSteps,
  listed,
  migrationSteps,
  rollStep,
  smokeStep,
} from './step-sentences.ts';

/** New pods take the place of old ones by and by; each old one goes when a new one is ready. */
export function rollingSteps(ground: Ground): PlanStep[] {
  const names = listed(ground.sorted.workloads.map(nameOf));
  const sentence = ground.served
    ? `roll ${names}: each old pod goes when a new one is ready`
    : `bring up ${names}, and wait until ready`;
  return [
    ...configurationSteps(ground),
    ...migrationSteps(ground),
    ...rollStep(ground.sorted.workloads, sentence),
    ...jobSteps(ground, 'between', 'run the hook once ready (pods of a rolling release serve as soon as they are)'),
    ...smokeStep(ground, 'front'),
    ...closingSteps(ground),
  ];
}
