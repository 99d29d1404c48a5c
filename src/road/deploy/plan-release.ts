import { UserError } from '../../base/index.ts';
import type { Deployment, DeploymentSpec } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { isAsWanted } from './apply.ts';
import { canGoBack, migrationAdvice } from './can-go-back.ts';
import type { Before, LiveState, Plan, PlanStep, ReleaseRequest } from './contract.ts';
import { nextName, replicasOf, withTrack } from './front.ts';
import { nameOf } from './kinds-of.ts';
import { blueGreenSteps } from './plan-blue-green.ts';
import { canarySteps } from './plan-canary.ts';
import { recreateSteps } from './plan-recreate.ts';
import { rollingSteps } from './plan-rolling.ts';
import { restorable } from './restorable.ts';
import { bearsData, sortObjects } from './sort-objects.ts';
import { type Ground, plural } from './step-sentences.ts';
import { workloadState } from './workload-state.ts';

const STRATEGIES = {
  rolling: rollingSteps,
  recreate: recreateSteps,
  'blue-green': blueGreenSteps,
  canary: canarySteps,
} as const;

/**
 * What a release does, step by step, told from what is wanted and what is there; nothing is read or written. A plan
 * without steps: the cluster holds all of it already.
 * @throws UserError when something of the app's name was made by somebody else, with another selector.
 */
export function planRelease(request: ReleaseRequest, live: LiveState): Plan {
  const objects = withTrack(request.objects, request.front);
  const sorted = sortObjects(objects, request.front);
  const front = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && request.front !== undefined && metadata.name === request.front,
  );
  const liveFront = front && (live.objects.get(nameOf(front)) as Deployment | undefined);
  refuseOtherSelectors(sorted.workloads, live);
  const served = (liveFront?.status?.readyReplicas ?? 0) > 0;
  const changed = (object: Manifest): boolean => !isAsWanted(live.objects.get(nameOf(object)), object);
  const done = (job: Manifest): boolean => {
    const there = live.objects.get(nameOf(job));
    return there !== undefined && workloadState(there).is === 'ready';
  };
  const unready = (object: Manifest): boolean => {
    const there = live.objects.get(nameOf(object));
    return there !== undefined && workloadState(there).is !== 'ready';
  };
  const leaving = objectsLeaving(objects, live);
  const oncePerApp = sorted.jobs.filter(({ stage }) => stage === 'seed' || stage === 'migrate');
  const isChanged =
    [...sorted.configuration, ...sorted.servers, ...sorted.doors, ...sorted.workloads].some(changed) ||
    [...sorted.servers, ...sorted.workloads].some(unready) ||
    oncePerApp.some(({ object }) => !done(object)) ||
    leaving.parts > 0;

  const migrations = sorted.jobs.filter(({ stage, object }) => stage === 'migrate' && !done(object));
  const ground: Ground = {
    request,
    live,
    sorted: {
      configuration: sorted.configuration.filter(changed),
      servers: sorted.servers.some((object) => changed(object) || unready(object)) ? sorted.servers : [],
      jobs: sorted.jobs.filter(({ stage, object }) => (stage !== 'seed' && stage !== 'migrate') || !done(object)),
      doors: sorted.doors.filter(changed),
      workloads: sorted.workloads.filter((object) => changed(object) || unready(object)),
    },
    front: front && frontOf(front, liveFront),
    served,
    hasDoor: objects.some(({ kind, metadata }) => kind === 'Service' && metadata.name === request.front),
    hasIngress: objects.some(({ kind, metadata }) => kind === 'Ingress' && metadata.name === request.front),
    leaving: leaving.gone,
    leftovers: leftovers(request.front, live),
  };
  const isFrontRolled = front !== undefined && ground.sorted.workloads.includes(front);
  const isSingle = (front?.spec as DeploymentSpec | undefined)?.strategy?.type === 'Recreate';
  const strategy = isSingle ? 'recreate' : request.strategy;
  const planned = served && isFrontRolled && ground.hasDoor ? STRATEGIES[strategy](ground) : rollingSteps(ground);
  const steps: readonly PlanStep[] = isChanged ? planned : [];
  return {
    app: request.app,
    namespace: request.namespace,
    strategy,
    front: request.front,
    steps,
    notes: [
      ...(isChanged ? strategyNotes(ground, isFrontRolled, isSingle) : []),
      ...(migrations.length > 0 ? migrationAdvice(request.migrations) : []),
      ...replicaNotes(front, liveFront),
      ...leaving.notes,
    ],
    before: beforeOf(objects, ground, live),
    smokePaths: request.smokePaths,
    url: request.url,
    gates: request.gates ?? {},
    ratePerSecond: request.ratePerSecond,
    canGoBack: canGoBack(migrations.length > 0, request.migrations),
    migration: migrations[0]?.object.metadata.name,
  };
}

/** A selector never changes, so what stands under a name with another one is in the way. */
function refuseOtherSelectors(workloads: readonly Manifest[], live: LiveState): void {
  for (const object of workloads) {
    const there = live.objects.get(nameOf(object)) as Deployment | undefined;
    const labelsOf = (spec: DeploymentSpec | undefined): string =>
      JSON.stringify(Object.entries(spec?.selector?.matchLabels ?? {}).sort());
    if (!there || labelsOf(there.spec) === labelsOf(object.spec as DeploymentSpec | undefined)) continue;
    const { name, namespace = 'default' } = object.metadata;
    throw new UserError(
      nameOf(object),
      'is there with another selector, which cannot change; something else made it',
      `Give the app another name (--app), or take it away first, with its pods: kubectl -n ${namespace} delete ${object.kind.toLowerCase()} ${name}`,
    );
  }
}

function frontOf(front: Manifest, live: Deployment | undefined): NonNullable<Ground['front']> {
  return { manifest: front, replicas: Math.max(replicasOf(front), live?.spec.replicas ?? 0, 1) };
}

function strategyNotes(
  { request, served, front, hasDoor }: Ground,
  isFrontRolled: boolean,
  isSingle: boolean,
): string[] {
  if (front && served && isFrontRolled && isSingle && request.strategy !== 'recreate') {
    return [`${nameOf(front.manifest)} allows only one version at a time, so it is recreated, with a gap`];
  }
  if (request.strategy === 'rolling') return [];
  if (!front && request.front !== undefined) {
    return [`${request.front} is no Deployment, so ${request.strategy} is the same as rolling`];
  }
  if (!front) return [`nothing of ${request.app} is served, so ${request.strategy} is the same as rolling`];
  if (!served)
    return [`nothing of ${request.app} serves yet, so it is brought up at once, without ${request.strategy}`];
  if (!hasDoor) return [`no Service leads to ${request.app}, so ${request.strategy} is the same as rolling`];
  if (!isFrontRolled) return [`deployment/${request.front} stays as it is, so there is nothing to switch`];
  return [];
}

function replicaNotes(front: Manifest | undefined, live: Deployment | undefined): string[] {
  const wanted = (front?.spec as { replicas?: number } | undefined)?.replicas;
  const now = live?.spec.replicas;
  if (front === undefined || wanted === undefined || now === undefined || now === wanted) return [];
  return [`${nameOf(front)} has ${plural(now, 'replica')} now; this release writes ${wanted}`];
}

/** What the last release had and this one has no more. Data stays, and is told. */
function objectsLeaving(
  objects: readonly Manifest[],
  live: LiveState,
): { gone: string[]; parts: number; notes: string[] } {
  const kept = new Set(objects.map(nameOf));
  const last = live.last?.objects ?? [];
  const missing = last.filter((object) => !kept.has(nameOf(object)) && live.objects.has(nameOf(object)));
  const data = missing.filter(
    (object) => bearsData(object) && object.kind !== 'Service' && object.kind !== 'Namespace',
  );
  const gone = missing
    .filter((object) => !bearsData(object) && !['Secret', 'ConfigMap', 'Job'].includes(object.kind))
    .map(nameOf);
  const known = new Set([...kept, ...last.map(nameOf)]);
  const old = live.last ? live.written.filter((name) => !known.has(name)) : [];
  return {
    gone: [...gone, ...old],
    // Settings that nothing refers to any more are swept along; alone they are no reason for a release.
    parts: gone.length,
    notes: data
      .filter(({ kind }) => kind === 'StatefulSet' || kind.startsWith('PersistentVolume'))
      .map((object) => `${nameOf(object)} is no longer part of the app; it stays, with its data, until you delete it`),
  };
}

/** Objects of an earlier try beside the stable ones, which no record speaks of any more. */
function leftovers(front: string | undefined, live: LiveState): string[] {
  if (front === undefined) return [];
  return ['ingress', 'deployment', 'service']
    .map((kind) => `${kind}/${nextName(front)}`)
    .filter((name) => live.objects.has(name));
}

function beforeOf(objects: readonly Manifest[], ground: Ground, live: LiveState): Before {
  const touched = [
    ...ground.sorted.configuration,
    ...ground.sorted.servers,
    ...ground.sorted.doors,
    ...ground.sorted.workloads,
  ];
  const applied = new Map((live.last?.objects ?? []).map((object) => [nameOf(object), object]));
  // The Service's selector may change without the Service being written anew.
  const door = objects.filter(({ kind, metadata }) => kind === 'Service' && metadata.name === ground.request.front);
  const names = new Set([...touched, ...door].map(nameOf));
  for (const name of ground.leaving) names.add(name);
  const was: Manifest[] = [];
  const created: string[] = [];
  for (const name of names) {
    const there = live.objects.get(name);
    if (there) was.push(restorable(there, applied.get(name)));
    else if (!ground.leaving.includes(name)) created.push(name);
  }
  for (const { object } of ground.sorted.jobs) if (!live.objects.has(nameOf(object))) created.push(nameOf(object));
  return { release: live.last?.number, objects: was, created, served: ground.served };
}

/** The plan as lines: what a dry run prints. */
export function planText(plan: Plan): string[] {
  const width = String(plan.steps.length).length;
  const lines = plan.steps.map(({ sentence }, index) => `${String(index + 1).padStart(width)}  ${sentence}`);
  const back = plan.steps.length > 0 ? [`Can it be rolled back? ${answer(plan)}`] : [];
  return [...lines, ...plan.notes.map((note) => `! ${note}`), ...back];
}

function answer({ canGoBack: { answer: is, why } }: Plan): string {
  if (is === 'unknown') return `Not known: ${why}.`;
  return is === 'yes' ? `Yes: ${why}.` : `Not safely: ${why}.`;
}
