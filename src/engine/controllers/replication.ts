import { messageOf } from '../../base/index.ts';
import type { Informer, Running } from '../client/index.ts';
import {
  type Kind,
  type KubeObject,
  kinds,
  type LabelSelector,
  matchesSelector,
  type Pod,
  type PodTemplateSpec,
  type ReplicaSetCondition,
  type ReplicaSetStatus,
} from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from './controller.ts';
import { semanticEqual } from './equality.ts';
import { Expectations } from './expectations.ts';
import { claim, controllerOf, ORPHANS, orphanNamespace } from './ownership.ts';
import { isNamespaceTerminating, PodControl, slowStart } from './pod-control.ts';
import {
  availableInMs,
  deletionOrder,
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminal,
  isPodTerminating,
} from './pod-state.ts';
import { timestampNow } from './timestamps.ts';

/** What ReplicaSet and ReplicationController have in common. */
interface Replicated extends KubeObject {
  readonly spec: { replicas?: number; minReadySeconds?: number; template?: PodTemplateSpec };
  readonly status: ReplicaSetStatus;
}

interface Flavour<T> {
  readonly name: string;
  readonly kind: Kind<T>;
  selectorOf(object: T): LabelSelector | undefined;
  /** Whether the status counts terminating pods. */
  readonly withTerminating: boolean;
}

const BURST_MAX = 500;

/** Keeps as many pods as asked for. */
export function startReplication<T extends Replicated>(context: ControllerContext, flavour: Flavour<T>): Running {
  const { client, clock, informers } = context;
  const owners: Informer<T> = informers.of<T>(flavour.kind);
  const pods = informers.of(kinds.pods);
  pods.addIndex(ORPHANS, orphanNamespace);
  const recorder = context.recorder(flavour.name);
  const control = new PodControl(client, recorder);
  const expectations = new Expectations(pods, clock);

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const owner = owners.get(namespace, name);
    if (owner === undefined) {
      expectations.forget(key);
      return undefined;
    }
    const claimed = await claim<Pod>({
      client,
      kind: kinds.pods,
      owner,
      ownerKind: flavour.kind,
      selector: flavour.selectorOf(owner),
      owned: pods.ownedBy(owner.metadata.uid),
      orphans: pods.byIndex(ORPHANS, namespace),
      mayAdopt: (pod) => !isPodTerminal(pod),
    });
    const active = claimed.filter(isPodActive);
    let failure: unknown;
    let failureReason = '';
    if (owner.metadata.deletionTimestamp === undefined && expectations.met(key)) {
      const difference = active.length - (owner.spec.replicas ?? 1);
      const work = difference < 0 ? scaleUp(key, owner, -difference) : scaleDown(key, owner, active, difference);
      failure = await work;
      failureReason = difference < 0 ? 'FailedCreate' : 'FailedDelete';
    }
    const terminating = claimed.filter((pod) => isPodTerminating(pod) && !isPodTerminal(pod)).length;
    const status = statusOf(owner, active, terminating, failure, failureReason);
    if (owner.status.observedGeneration !== owner.metadata.generation || !semanticEqual(owner.status, status)) {
      await client.updateStatus<T>(flavour.kind, { ...owner, status });
    }
    if (failure !== undefined) throw failure;
    return nextAvailabilityMs(owner, active);
  };

  const scaleUp = async (key: string, owner: T, missing: number): Promise<unknown> => {
    const template = owner.spec.template ?? {};
    const { error } = await slowStart(Math.min(missing, BURST_MAX), async () => {
      expectations.created(key, await control.create(owner, template));
    });
    // The namespace goes, and this owner with it: nothing to try again.
    return isNamespaceTerminating(error) ? undefined : error;
  };

  const scaleDown = async (key: string, owner: T, active: Pod[], surplus: number): Promise<unknown> => {
    if (surplus === 0) return undefined;
    const perNode = new Map<string, number>();
    for (const pod of familyPods(owner)) {
      if (pod.spec.nodeName) perNode.set(pod.spec.nodeName, (perNode.get(pod.spec.nodeName) ?? 0) + 1);
    }
    const rank = (pod: Pod) => perNode.get(pod.spec.nodeName ?? '') ?? 0;
    const doomed = [...active].sort(deletionOrder(rank, clock.now())).slice(0, Math.min(surplus, BURST_MAX));
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        await control.delete(owner, pod);
        expectations.deleted(key, pod);
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  };

  /** Active pods of all owners with the same controller: of all ReplicaSets of a Deployment. */
  const familyPods = (owner: T): Pod[] => {
    const parent = controllerOf(owner);
    const family = parent === undefined ? [owner] : owners.ownedBy(parent.uid);
    return family.flatMap((member) => pods.ownedBy(member.metadata.uid)).filter(isPodActive);
  };

  const statusOf = (
    owner: T,
    active: readonly Pod[],
    terminating: number,
    failure: unknown,
    failureReason: string,
  ): ReplicaSetStatus => {
    const minReadySeconds = owner.spec.minReadySeconds ?? 0;
    const templateLabels = Object.entries(owner.spec.template?.metadata?.labels ?? {});
    const nowMs = clock.now();
    const counts = { replicas: active.length, fullyLabeledReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
    for (const pod of active) {
      if (templateLabels.every(([name, value]) => pod.metadata.labels?.[name] === value)) counts.fullyLabeledReplicas++;
      if (isPodReady(pod)) counts.readyReplicas++;
      if (isPodAvailable(pod, minReadySeconds, nowMs)) counts.availableReplicas++;
    }
    const { conditions: before = [], observedGeneration: _, terminatingReplicas: __, ...rest } = owner.status;
    const conditions = failureConditions(before, failure, failureReason);
    const { fullyLabeledReplicas, readyReplicas, availableReplicas } = counts;
    for (const name of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) delete rest[name];
    return {
      ...rest,
      replicas: counts.replicas,
      ...(fullyLabeledReplicas > 0 ? { fullyLabeledReplicas } : {}),
      ...(readyReplicas > 0 ? { readyReplicas } : {}),
      ...(availableReplicas > 0 ? { availableReplicas } : {}),
      ...(flavour.withTerminating ? { terminatingReplicas: terminating } : {}),
      ...(owner.metadata.generation === undefined ? {} : { observedGeneration: owner.metadata.generation }),
      ...(conditions.length > 0 ? { conditions } : {}),
    };
  };

  const failureConditions = (
    before: readonly ReplicaSetCondition[],
    failure: unknown,
    reason: string,
  ): ReplicaSetCondition[] => {
    const failed = before.find((condition) => condition.type === 'ReplicaFailure');
    const others = before.filter((condition) => condition.type !== 'ReplicaFailure');
    if (failure === undefined) return others;
    if (failed !== undefined) return [...others, failed];
    const message = messageOf(failure);
    const lastTransitionTime = timestampNow(clock);
    return [...others, { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime }];
  };

  const nextAvailabilityMs = (owner: T, active: readonly Pod[]): number | undefined => {
    const minReadySeconds = owner.spec.minReadySeconds ?? 0;
    const waits = active
      .map((pod) => availableInMs(pod, minReadySeconds, clock.now()))
      .filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Math.min(...waits);
  };

  const loop = controllerLoop(context, flavour.name, [owners, pods], reconcile, 8);
  follow(owners, loop);
  pods.onChange((now, before) => {
    const pod = now ?? before;
    if (pod === undefined) return;
    for (const object of [now, before]) {
      const reference = object === undefined ? undefined : controllerOf(object);
      if (reference?.kind === flavour.kind.kind) loop.add(`${pod.metadata.namespace}/${reference.name}`);
    }
    if (now === undefined || controllerOf(now) !== undefined || isPodTerminating(now)) return;
    if (before !== undefined && before.metadata.labels === now.metadata.labels && !controllerOf(before)) return;
    for (const owner of owners.list(now.metadata.namespace ?? '')) {
      const selector = flavour.selectorOf(owner);
      if (selector !== undefined && matchesSelector(selector, now.metadata.labels ?? {})) loop.add(keyOf(owner));
    }
  });
  return loop;
}
