import type { Running } from '../client/index.ts';
import {
  type Condition,
  kinds,
  matchesSelector,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
} from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from './controller.ts';
import { semanticEqual } from './equality.ts';
import { scaledValue } from './int-or-percent.ts';
import { controllerOf } from './ownership.ts';
import { isPodReady, isPodTerminal, isPodTerminating } from './pod-state.ts';
import { timeMs, timestampNow } from './timestamps.ts';

const DISRUPTION_TIMEOUT_MS = 120_000;

/** Keeps the status of PodDisruptionBudgets: how many pods may be evicted now. */
export function startDisruption(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const budgets = informers.of(kinds.poddisruptionbudgets);
  const pods = informers.of(kinds.pods);
  const scaled = {
    ReplicaSet: informers.of(kinds.replicasets),
    ReplicationController: informers.of(kinds.replicationcontrollers),
    StatefulSet: informers.of(kinds.statefulsets),
  };
  const deployments = informers.of(kinds.deployments);
  const recorder = context.recorder('controllermanager');

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const budget = budgets.get(namespace, name);
    if (budget === undefined) return undefined;
    const selected = pods
      .list(namespace)
      .filter(
        (pod) =>
          budget.spec.selector !== undefined &&
          matchesSelector(budget.spec.selector, pod.metadata.labels) &&
          !isPodTerminal(pod),
      );
    if (selected.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    let counts: { expected: number; desired: number };
    try {
      counts = countWanted(budget, selected);
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${String(error)}`;
      recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      return write(budget, failedStatus(budget, message));
    }
    const { disrupted, nextMs } = stillDisrupted(budget, selected);
    const healthy = selected.filter(
      (pod) => isPodReady(pod) && !isPodTerminating(pod) && disrupted[pod.metadata.name] === undefined,
    ).length;
    const allowed = counts.expected > 0 ? Math.max(0, healthy - counts.desired) : 0;
    const condition: Omit<Condition, 'lastTransitionTime'> = {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: budget.metadata.generation ?? 0,
    };
    await write(budget, {
      currentHealthy: healthy,
      desiredHealthy: counts.desired,
      expectedPods: counts.expected,
      disruptionsAllowed: allowed,
      ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
      observedGeneration: budget.metadata.generation ?? 0,
      conditions: withCondition(budget, condition),
    });
    return nextMs;
  };

  const write = async (budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<undefined> => {
    if (semanticEqual(status, budget.status)) return;
    await client.updateStatus<PodDisruptionBudget>(kinds.poddisruptionbudgets, { ...budget, status });
  };

  const withCondition = (budget: PodDisruptionBudget, next: Omit<Condition, 'lastTransitionTime'>): Condition[] => {
    const current = budget.status.conditions?.find((each) => each.type === next.type);
    const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : timestampNow(clock);
    const others = (budget.status.conditions ?? []).filter((each) => each.type !== next.type);
    return [...others, { ...next, lastTransitionTime }];
  };

  const failedStatus = (budget: PodDisruptionBudget, message: string): PodDisruptionBudgetStatus => ({
    ...budget.status,
    disruptionsAllowed: 0,
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: withCondition(budget, {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message,
      observedGeneration: budget.metadata.generation ?? 0,
    }),
  });

  /** minAvailable as a number speaks of the pods there are; everything else of what their controllers ask for. */
  const countWanted = (
    budget: PodDisruptionBudget,
    selected: readonly Pod[],
  ): { expected: number; desired: number } => {
    const { maxUnavailable, minAvailable } = budget.spec;
    if (maxUnavailable !== undefined) {
      const expected = expectedScale(selected);
      return { expected, desired: Math.max(0, expected - scaledValue(maxUnavailable, expected, true)) };
    }
    if (typeof minAvailable === 'number') return { expected: selected.length, desired: minAvailable };
    if (minAvailable === undefined) return { expected: selected.length, desired: 0 };
    const expected = expectedScale(selected);
    return { expected, desired: scaledValue(minAvailable, expected, true) };
  };

  const expectedScale = (selected: readonly Pod[]): number => {
    const scales = new Map<string, number>();
    for (const pod of selected) {
      const owner = controllerOf(pod);
      if (owner === undefined) continue;
      const view = scaled[owner.kind as keyof typeof scaled];
      const found = view?.get(pod.metadata.namespace, owner.name);
      if (found === undefined || found.metadata.uid !== owner.uid) continue;
      const parent = controllerOf(found);
      const deployment =
        parent?.kind === 'Deployment' ? deployments.get(pod.metadata.namespace, parent.name) : undefined;
      const root = deployment ?? found;
      scales.set(root.metadata.uid, root.spec.replicas ?? 1);
    }
    return [...scales.values()].reduce((sum, scale) => sum + scale, 0);
  };

  /** Pods whose eviction was granted and that are not seen going yet; forgotten after two minutes. */
  const stillDisrupted = (
    budget: PodDisruptionBudget,
    selected: readonly Pod[],
  ): { disrupted: Record<string, string>; nextMs: number | undefined } => {
    const disrupted: Record<string, string> = {};
    let nextMs: number | undefined;
    for (const [name, since] of Object.entries(budget.status.disruptedPods ?? {})) {
      const pod = selected.find((each) => each.metadata.name === name);
      if (pod === undefined || isPodTerminating(pod)) continue;
      const leftMs = timeMs(since) + DISRUPTION_TIMEOUT_MS - clock.now();
      if (leftMs <= 0) {
        recorder.event(pod, 'Warning', 'NotDeleted', "Pod was expected by PDB to be deleted but it wasn't");
        continue;
      }
      disrupted[name] = since;
      nextMs = Math.min(nextMs ?? leftMs, leftMs);
    }
    return { disrupted, nextMs };
  };

  const loop = controllerLoop(context, 'disruption', [budgets, pods, deployments, ...Object.values(scaled)], reconcile);
  follow(budgets, loop);
  pods.onChange((now, before) => {
    for (const pod of [now, before]) {
      if (pod === undefined) continue;
      for (const budget of budgets.list(pod.metadata.namespace ?? '')) {
        if (matchesSelector(budget.spec.selector, pod.metadata.labels)) loop.add(keyOf(budget));
      }
    }
  });
  const rescaled = (now: { spec: { replicas?: number }; metadata: { namespace?: string } } | undefined): void => {
    for (const budget of budgets.list(now?.metadata.namespace ?? '')) loop.add(keyOf(budget));
  };
  for (const view of [...Object.values(scaled), deployments]) {
    view.onChange((now: Parameters<typeof rescaled>[0], before: Parameters<typeof rescaled>[0]) => {
      if (now !== undefined && now.spec.replicas !== before?.spec.replicas) rescaled(now);
    });
  }
  return loop;
}
