import type { PlanStep } from './contract.ts';
import { nextName } from './front.ts';
import { nameOf } from './kinds-of.ts';
import {
  closingSteps,
  configurationSteps,
  type Ground,
  jobSteps,
  listed,
  migrationSteps,
  plural,
  removeStep,
  rollStep,
  seconds,
  smokeStep,
} from './step-sentences.ts';

/** The new version stands fully beside the old one, is tried where no user comes, and takes all requests at once. */
export function blueGreenSteps(ground: Ground): PlanStep[] {
  if (!ground.front) return [];
  const { manifest, replicas } = ground.front;
  const { hold } = ground.request;
  const name = manifest.metadata.name;
  return [
    ...configurationSteps(ground),
    ...migrationSteps(ground),
    nextStep(name, replicas),
    ...smokeStep(ground, 'next'),
    ...jobSteps(ground, 'between'),
    {
      type: 'traffic',
      to: 'next',
      by: 'service',
      weightPercent: 100,
      sentence: `switch service/${name} to the new version in one write; the old pods stay`,
    },
    ...smokeStep(ground, 'front'),
    ...holdStep(hold.seconds, 'the old version stands by'),
    ...rollStableSteps(ground),
    ...closingSteps(ground),
  ];
}

export function nextStep(name: string, replicas: number): PlanStep {
  return {
    type: 'next',
    replicas,
    sentence: `bring up the new version beside the old one: deployment/${nextName(name)}, ${plural(replicas, 'pod')}`,
  };
}

export function holdStep(secondsWanted: number | undefined, why: string): PlanStep[] {
  if (secondsWanted === 0) return [];
  const until = secondsWanted === undefined ? 'until `wherry promote`' : `for ${seconds(secondsWanted)}`;
  return [{ type: 'hold', seconds: secondsWanted, sentence: `hold ${until}, watching the new pods; ${why}` }];
}

/** While the new version serves from beside, the stable Deployment becomes it too and takes over. */
export function rollStableSteps(ground: Ground): PlanStep[] {
  const name = ground.front?.manifest.metadata.name ?? '';
  const next = nextName(name);
  return [
    ...rollStep(
      ground.sorted.workloads,
      `roll ${listed(ground.sorted.workloads.map(nameOf))} to the new version while deployment/${next} serves`,
    ),
    {
      type: 'traffic',
      to: 'stable',
      by: 'service',
      weightPercent: 100,
      sentence: `lead service/${name} to deployment/${name} again, now of the new version`,
    },
    removeStep([`ingress/${next}`, `deployment/${next}`, `service/${next}`], ''),
  ];
}
