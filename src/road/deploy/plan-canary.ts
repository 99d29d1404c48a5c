import type { PlanStep } from './contract.ts';
import { sharesRequests } from './front.ts';
import { holdStep, nextStep, rollStableSteps } from './plan-blue-green.ts';
import {
  closingSteps,
  configurationSteps,
  type Ground,
  jobSteps,
  migrationSteps,
  smokeStep,
} from './step-sentences.ts';

/** The new version gets a share of the requests, a larger one step by step. */
export function canarySteps(ground: Ground): PlanStep[] {
  if (!ground.front) return [];
  const { manifest, replicas } = ground.front;
  const name = manifest.metadata.name;
  const byIngress = ground.hasIngress && sharesRequests(ground.live.ingressController);
  const shares: PlanStep[] = [];
  let pods = 0;
  for (const [index, { weightPercent, holdSeconds }] of ground.request.canary.entries()) {
    const share = byIngress ? ingressShare(weightPercent, replicas) : podShare(weightPercent, replicas);
    if (share.pods !== pods) {
      pods = share.pods;
      shares.push(nextStep(name, pods));
    }
    if (index === 0) shares.push(...smokeStep(ground, 'next'), ...jobSteps(ground, 'between'));
    shares.push(trafficStep(name, byIngress, weightPercent, share));
    shares.push(...holdStep(holdSeconds, 'the old version serves the rest'));
  }
  return [
    ...configurationSteps(ground),
    ...migrationSteps(ground),
    ...shares,
    ...smokeStep(ground, 'front'),
    ...rollStableSteps(ground),
    ...closingSteps(ground),
  ];
}

interface Share {
  readonly pods: number;
  /** What comes of it. */
  readonly percent: number;
  readonly stable: number;
}

/** The Ingress shares requests exactly; the pods only have to carry their share. */
function ingressShare(weightPercent: number, replicas: number): Share {
  return {
    pods: Math.max(1, Math.ceil((replicas * weightPercent) / 100)),
    percent: weightPercent,
    stable: replicas,
  };
}

/** Where only the number of pods decides: never more than the stable ones have, so that the cluster holds both. */
function podShare(weightPercent: number, replicas: number): Share {
  if (weightPercent >= 100) return { pods: replicas, percent: 100, stable: 0 };
  const wanted = Math.round((replicas * weightPercent) / (100 - weightPercent));
  const pods = Math.min(replicas, Math.max(1, wanted));
  return { pods, percent: Math.round((100 * pods) / (pods + replicas)), stable: replicas };
}

function trafficStep(name: string, byIngress: boolean, weightPercent: number, share: Share): PlanStep {
  if (byIngress) {
    return {
      type: 'traffic',
      to: 'both',
      by: 'ingress',
      weightPercent,
      sentence: `lead ${weightPercent} % of what comes in by the Ingress to the new version; within the cluster service/${name} leads to the old one`,
    };
  }
  if (weightPercent >= 100) {
    const sentence = `switch service/${name} to the new version; the old pods stay`;
    return { type: 'traffic', to: 'next', by: 'service', weightPercent, sentence };
  }
  const odd =
    share.percent === weightPercent ? '' : `, not ${weightPercent} %, since only the number of pods decides here`;
  return {
    type: 'traffic',
    to: 'both',
    by: 'service',
    weightPercent,
    sentence: `lead service/${name} to both versions: ${share.pods} of ${share.pods + share.stable} pods, so about ${share.percent} % of the requests${odd}`,
  };
}
