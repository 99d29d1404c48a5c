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

/** The old version is gone before the new one comes: for what cannot stand a second version beside it. */
export function recreateSteps(ground: Ground): PlanStep[] {
  const front = ground.front?.manifest;
  if (!front) return [];
  const name = nameOf(front);
  return [
    ...configurationSteps(ground),
    {
      type: 'away',
      deployment: name,
      sentence: `take ${name} down; nothing serves from here until the new version is ready, and the gap is measured`,
    },
    ...migrationSteps(ground),
    ...rollStep(
      ground.sorted.workloads,
      `bring up ${listed(ground.sorted.workloads.map(nameOf))}, and wait until ready`,
    ),
    ...jobSteps(ground, 'between', 'run the hook once ready'),
    ...smokeStep(ground, 'front'),
    ...closingSteps(ground),
  ];
}
