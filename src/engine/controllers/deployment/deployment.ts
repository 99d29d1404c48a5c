import type { Informer, Loop, Running } from '../../client/index.ts';
import { type Deployment, type DeploymentStatus, kinds, matchesSelector, type ReplicaSet } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { claim, controllerOf, ORPHANS, orphanNamespace } from '../ownership.ts';
import { DESIRED_REPLICAS, revisionOf } from './annotations.ts';
import { active, compareTimes, isRolling, isSaturated, proportionalSizes, wanted } from './arithmetic.ts';
import { condition, hasDeadline, isComplete, newCondition, TIMED_OUT, withCondition } from './conditions.ts';
import { oldPodsRun, startNewSet, stopOldSets } from './recreate.ts';
import { stepRolling } from './rolling.ts';
import { allSets, SetControl, type Sets } from './sets.ts';
import { countStatus, deadlineInMs, rolloutStatus } from './status.ts';

/** Rolls ReplicaSets from one template to the next. */
export function startDeployments(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const deployments = informers.of(kinds.deployments);
  const sets = informers.of(kinds.replicasets);
  const pods = informers.of(kinds.pods);
  sets.addIndex(ORPHANS, orphanNamespace);
  const recorder = context.recorder('deployment-controller');
  const control = new SetControl(context, recorder);

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const found = deployments.get(namespace, name);
    if (found === undefined) return undefined;
    if (selectsEverything(found)) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      recorder.event(found, 'Warning', 'SelectingAll', message);
      if ((found.status.observedGeneration ?? 0) < (found.metadata.generation ?? 0)) {
        const status = { ...found.status, observedGeneration: found.metadata.generation ?? 0 };
        await client.updateStatus(kinds.deployments, { ...found, status });
      }
      return undefined;
    }
    const owned = await claim<ReplicaSet>({
      client,
      kind: kinds.replicasets,
      owner: found,
      ownerKind: kinds.deployments,
      selector: found.spec.selector,
      owned: sets.ownedBy(found.metadata.uid),
      orphans: sets.byIndex(ORPHANS, namespace),
    });
    if (found.metadata.deletionTimestamp !== undefined) {
      const sorted = await control.sort(found, owned, false);
      await writeStatus(sorted, countStatus(clock, sorted));
      return undefined;
    }
    const deployment = await notePause(found);
    if (deployment.spec.paused || isScaled(deployment, owned)) return syncScale(deployment, owned);
    return isRolling(deployment) ? rollRolling(deployment, owned) : rollRecreate(deployment, owned);
  };

  const rollRolling = async (deployment: Deployment, owned: readonly ReplicaSet[]): Promise<number | undefined> => {
    const sorted = await control.sort(deployment, owned, true);
    if (!(await stepRolling(control, sorted)) && isComplete(sorted.deployment, sorted.deployment.status)) {
      await cleanUp(sorted);
    }
    return writeStatus(sorted, rolloutStatus(clock, sorted));
  };

  const rollRecreate = async (deployment: Deployment, owned: readonly ReplicaSet[]): Promise<number | undefined> => {
    let sorted = await control.sort(deployment, owned, false);
    const waits = (await stopOldSets(control, sorted)) || oldPodsRun(sorted, (set) => pods.ownedBy(set.metadata.uid));
    if (!waits) {
      if (sorted.newSet === undefined) sorted = await control.sort(sorted.deployment, owned, true);
      await startNewSet(control, sorted);
      if (isComplete(sorted.deployment, sorted.deployment.status)) await cleanUp(sorted);
    }
    return writeStatus(sorted, rolloutStatus(clock, sorted));
  };

  /** A change of size alone, or a paused Deployment: sizes follow, templates do not. */
  const syncScale = async (deployment: Deployment, owned: readonly ReplicaSet[]): Promise<number | undefined> => {
    const sorted = await control.sort(deployment, owned, false);
    await scale(sorted);
    if (sorted.deployment.spec.paused) await cleanUp(sorted);
    return writeStatus(sorted, countStatus(clock, sorted));
  };

  const scale = async (sorted: Sets): Promise<void> => {
    const { deployment, newSet, oldSets } = sorted;
    const only = activeOrLatest(sorted);
    if (only !== undefined) {
      await control.scale(deployment, only, wanted(deployment));
      return;
    }
    if (isSaturated(deployment, newSet)) {
      for (const set of active(oldSets)) await control.scale(deployment, set, 0);
      return;
    }
    if (!isRolling(deployment)) return;
    for (const [set, size] of proportionalSizes(deployment, active(allSets(sorted)))) {
      await control.scale(deployment, set, size);
    }
  };

  const notePause = async (deployment: Deployment): Promise<Deployment> => {
    if (!hasDeadline(deployment)) return deployment;
    const current = condition(deployment.status.conditions, 'Progressing');
    // A roll that failed stays failed until it is given something new.
    if (current?.reason === TIMED_OUT) return deployment;
    const wasPaused = current?.reason === 'DeploymentPaused';
    const { paused = false } = deployment.spec;
    if (paused === wasPaused) return deployment;
    const next = paused
      ? newCondition(clock, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
      : newCondition(clock, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed');
    const conditions = withCondition(deployment.status.conditions, next);
    return client.updateStatus<Deployment>(kinds.deployments, {
      ...deployment,
      status: { ...deployment.status, conditions },
    });
  };

  /** Deletes the oldest empty sets past revisionHistoryLimit. */
  const cleanUp = async ({ deployment, oldSets }: Sets): Promise<void> => {
    const limit = deployment.spec.revisionHistoryLimit;
    if (limit === undefined || limit === 2 ** 31 - 1) return;
    const alive = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
    const surplus = alive.length - limit;
    if (surplus <= 0) return;
    for (const set of [...alive].sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus)) {
      const settled = (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0);
      if (settled && set.status.replicas === 0 && (set.spec.replicas ?? 0) === 0) await control.delete(set);
    }
  };

  const writeStatus = async (sorted: Sets, status: DeploymentStatus): Promise<number | undefined> => {
    const { deployment } = sorted;
    if (!semanticEqual(deployment.status, status)) {
      await client.updateStatus<Deployment>(kinds.deployments, { ...deployment, status });
    }
    return deadlineInMs(clock, deployment, status);
  };

  const loop = controllerLoop(context, 'deployment', [deployments, sets, pods], reconcile, 8);
  follow(deployments, loop);
  followSets(loop, deployments, sets);
  pods.onChange((now, before) => {
    // Recreate waits for the last old pod to be gone.
    if (now !== undefined && now.status.phase === before?.status.phase) return;
    const setName = before === undefined ? undefined : controllerOf(before);
    if (before === undefined || setName?.kind !== 'ReplicaSet') return;
    const set = sets.get(before.metadata.namespace, setName.name);
    const owner = set === undefined ? undefined : controllerOf(set);
    const deployment = owner && deployments.get(before.metadata.namespace, owner.name);
    if (deployment !== undefined && !isRolling(deployment)) loop.add(keyOf(deployment));
  });
  return loop;
}

function followSets(loop: Loop, deployments: Informer<Deployment>, sets: Informer<ReplicaSet>): void {
  sets.onChange((now, before) => {
    for (const set of [now, before]) {
      const owner = set === undefined ? undefined : controllerOf(set);
      if (owner?.kind === 'Deployment') loop.add(`${set?.metadata.namespace}/${owner.name}`);
    }
    if (now === undefined || controllerOf(now) !== undefined) return;
    for (const deployment of deployments.list(now.metadata.namespace ?? '')) {
      if (matchesSelector(deployment.spec.selector, now.metadata.labels ?? {})) loop.add(keyOf(deployment));
    }
  });
}

function selectsEverything(deployment: Deployment): boolean {
  const { matchLabels = {}, matchExpressions = [] } = deployment.spec.selector;
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** A set with pods was last scaled under another size than the one wanted now. */
function isScaled(deployment: Deployment, owned: readonly ReplicaSet[]): boolean {
  return active(owned).some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    return desired !== undefined && Number(desired) !== wanted(deployment);
  });
}

/** The one set with pods; the newest when none has any; undefined when several have. */
function activeOrLatest(sorted: Sets): ReplicaSet | undefined {
  const withPods = active(allSets(sorted));
  if (withPods.length === 1) return withPods[0];
  if (withPods.length > 1) return undefined;
  const newest = [...sorted.oldSets].sort((a, b) =>
    compareTimes(b.metadata.creationTimestamp, a.metadata.creationTimestamp),
  );
  return sorted.newSet ?? newest[0];
}
