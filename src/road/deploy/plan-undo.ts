import type { Manifest } from '../manifests/index.ts';
import type { Plan, PlanStep } from './contract.ts';
import { findObject, nextName } from './front.ts';
import { nameOf } from './kinds-of.ts';
import { bearsData } from './sort-objects.ts';
import { listed, removeStep } from './step-sentences.ts';

/**
 * The way back from a release that got `stepsDone` steps far: what served before is written as it was and serves again,
 * then goes what the release alone brought. Data stays: claims, stateful servers that came up, Secrets they were made with.
 * `objects` are those of the release.
 */
export function planUndo(plan: Plan, objects: readonly Manifest[], stepsDone: number): PlanStep[] {
  const reached = plan.steps.slice(0, stepsDone + 1);
  const touched = new Set(reached.flatMap((step) => ('objects' in step ? step.objects : [])));
  const away = reached.find((step) => step.type === 'away');
  if (away?.type === 'away') touched.add(away.deployment);
  const current = plan.steps[stepsDone];
  const wasCutOff = (name: string): boolean => current?.type === 'write' && current.objects.includes(name);
  const restored = plan.before.objects.filter((object) => {
    const name = nameOf(object);
    if (!touched.has(name)) return false;
    // A stateful server that came up in its new version has its data in the new form; one that did not has not.
    return !bearsData(object) || wasCutOff(name);
  });
  const brought = reached.some(({ type }) => type === 'next');
  const rolled = reached.some((step) => step.type === 'roll');
  const traffic: PlanStep[] = brought ? [trafficBack(plan)] : [];
  const back = restoreSteps(plan, restored);
  const steps = rolled ? [...back, ...traffic] : [...traffic, ...back];
  const gone = [
    ...(brought && plan.front !== undefined ? nextNames(plan.front) : []),
    ...plan.before.created.filter((name) => isTakenAway(name, reached, objects)),
  ];
  return gone.length > 0 ? [...steps, removeStep(gone, ', which this release alone brought')] : steps;
}

function trafficBack({ front = '' }: Plan): PlanStep {
  const sentence = `lead all requests to deployment/${front} again`;
  return { type: 'traffic', to: 'stable', by: 'service', weightPercent: 100, sentence };
}

function restoreSteps(plan: Plan, restored: readonly Manifest[]): PlanStep[] {
  if (restored.length === 0) return [];
  const names = restored.map(nameOf);
  const workloads = restored.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet').map(nameOf);
  const others = names.filter((name) => !workloads.includes(name));
  const as = plan.before.release === undefined ? 'as it was' : `as v${plan.before.release} had it`;
  const steps: PlanStep[] = [];
  if (others.length > 0) steps.push({ type: 'write', objects: others, sentence: `write ${listed(others)} ${as}` });
  if (workloads.length > 0) {
    const wait = plan.before.served ? ', and wait until it serves' : '';
    steps.push({ type: 'roll', objects: workloads, sentence: `write ${listed(workloads)} ${as}${wait}` });
  }
  return steps;
}

export function nextNames(front: string): string[] {
  return ['ingress', 'deployment', 'service'].map((kind) => `${kind}/${nextName(front)}`);
}

function isTakenAway(name: string, reached: readonly PlanStep[], objects: readonly Manifest[]): boolean {
  const object = findObject(objects, name);
  if (!object || bearsData(object) || object.kind === 'Secret') return false;
  const step = reached.find(
    (each) => ('objects' in each && each.objects.includes(name)) || (each.type === 'job' && each.object === name),
  );
  // A Job that ended well is the record that it has run; the one that was under way or failed goes.
  return step !== undefined && (step.type !== 'job' || step === reached.at(-1));
}
