import type { Running } from '../../client/index.ts';
import {
  type ControllerRevision,
  kinds,
  matchesSelector,
  type Pod,
  type StatefulSet,
  type StatefulSetStatus,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { scaledValue } from '../int-or-percent.ts';
import { claim, controllerOf, ORPHANS, orphanNamespace } from '../ownership.ts';
import { slowStart } from '../pod-control.ts';
import { availableInMs, isPodAvailable, isPodReady, isPodTerminal, isPodTerminating } from '../pod-state.ts';
import { RevisionHistory } from '../revisions.ts';
import { ClaimControl } from './claims.ts';
import { ordinalOf, REVISION_LABEL, startOrdinal } from './identity.ts';
import { StatefulPods } from './pods.ts';

/** One pass over a set: its pods by ordinal, and the two revisions it stands between. */
interface Pass {
  readonly set: StatefulSet;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  /** By place: the pod of ordinal start + index, where there is one. */
  readonly wanted: (Pod | undefined)[];
  /** Pods past the wanted ones, the highest ordinal first. */
  readonly condemned: readonly Pod[];
  readonly ordered: boolean;
}

/** Keeps pods with names and volumes of their own, one after the other unless told otherwise. */
export function startStatefulSets(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const sets = informers.of(kinds.statefulsets);
  const pods = informers.of(kinds.pods);
  const revisions = informers.of(kinds.controllerrevisions);
  const claimsView = informers.of(kinds.persistentvolumeclaims);
  pods.addIndex(ORPHANS, orphanNamespace);
  const recorder = context.recorder('statefulset-controller');
  const history = new RevisionHistory(client, revisions);
  const claims = new ClaimControl(context, recorder);
  const control = new StatefulPods(context, recorder, claims);

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const set = sets.get(namespace, name);
    if (set === undefined) return undefined;
    const owned = await claim<Pod>({
      client,
      kind: kinds.pods,
      owner: set,
      ownerKind: kinds.statefulsets,
      selector: set.spec.selector,
      owned: pods.ownedBy(set.metadata.uid),
      orphans: pods.byIndex(ORPHANS, namespace),
      mayAdopt: (pod) => ordinalOf(set, pod) >= 0,
    });
    const known = history.list(set);
    const update = await history.current(set, known, async (collisionCount) => {
      await client.updateStatus<StatefulSet>(kinds.statefulsets, { ...set, status: { ...set.status, collisionCount } });
    });
    const current = known.find((revision) => revision.metadata.name === set.status.currentRevision) ?? update;
    const pass = arrange(set, current, update, owned);
    try {
      if (set.metadata.deletionTimestamp === undefined) await step(pass);
    } finally {
      await writeStatus(pass, owned);
    }
    const inUse = new Set([current.metadata.name, update.metadata.name]);
    for (const pod of owned) inUse.add(pod.metadata.labels?.[REVISION_LABEL] ?? '');
    await history.truncate(set, known, inUse);
    const waits = owned
      .map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, clock.now()))
      .filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Math.min(...waits);
  };

  const arrange = (
    set: StatefulSet,
    current: ControllerRevision,
    update: ControllerRevision,
    owned: readonly Pod[],
  ): Pass => {
    const start = startOrdinal(set);
    const replicas = set.spec.replicas ?? 1;
    const wanted: (Pod | undefined)[] = Array.from({ length: replicas }, () => undefined);
    const condemned: Pod[] = [];
    for (const pod of owned) {
      const place = ordinalOf(set, pod) - start;
      if (place >= 0 && place < replicas) wanted[place] = pod;
      else if (ordinalOf(set, pod) >= 0) condemned.push(pod);
    }
    condemned.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a));
    return { set, current, update, wanted, condemned, ordered: set.spec.podManagementPolicy !== 'Parallel' };
  };

  const isAvailable = (set: StatefulSet, pod: Pod | undefined): boolean =>
    pod !== undefined &&
    pod.status.phase === 'Running' &&
    !isPodTerminating(pod) &&
    isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now());

  /** Upstream's updateStatefulSet: first all pods there and well, then those too many gone, then the new revision. */
  const step = async (pass: Pass): Promise<void> => {
    const { set, wanted, condemned, ordered } = pass;
    if (ordered) {
      for (const index of wanted.keys()) if (await settle(pass, index)) return;
    } else {
      const { error } = await slowStart(wanted.length, (index) => settle(pass, index));
      if (error !== undefined) throw error;
    }
    for (const pod of condemned) await claims.own(set, ordinalOf(set, pod), pod);
    const unhealthy = firstUnhealthy(pass);
    for (const pod of condemned) {
      if (isPodTerminating(pod)) {
        if (ordered) return;
        continue;
      }
      if (ordered && !isAvailable(set, pod) && pod !== unhealthy) return;
      await control.delete(set, pod);
      if (ordered) return;
    }
    if (set.spec.updateStrategy?.type !== 'OnDelete') await roll(pass);
  };

  /** Brings one place in order; whether an ordered set must stop here for now. */
  const settle = async (pass: Pass, index: number): Promise<boolean> => {
    const { set, wanted, ordered } = pass;
    const pod = wanted[index];
    const ordinal = startOrdinal(set) + index;
    if (pod === undefined) {
      wanted[index] = await control.create(set, revisionFor(pass, ordinal), ordinal);
      return ordered;
    }
    if (isPodTerminal(pod)) {
      const { namespace, name } = set.metadata;
      if (!isPodTerminating(pod)) {
        const failed = pod.status.phase === 'Failed';
        const text = `StatefulSet ${namespace}/${name} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata.name}`;
        recorder.event(
          set,
          failed ? 'Warning' : 'Normal',
          failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
          text,
        );
        await control.delete(set, pod);
      }
      return true;
    }
    if (pod.status.phase === 'Pending') await claims.ensure(set, ordinal);
    if (ordered && !isAvailable(set, pod)) return true;
    if (!isPodTerminating(pod)) await control.mend(set, pod, ordinal);
    return false;
  };

  /** The revision a new pod gets: below the partition, or while the set is still of the old one, the current. */
  const revisionFor = ({ set, current, update }: Pass, ordinal: number): ControllerRevision => {
    const { updateStrategy } = set.spec;
    if (updateStrategy?.type === 'OnDelete') return update;
    const partition = updateStrategy?.rollingUpdate?.partition;
    const below = partition ?? set.status.currentReplicas ?? 0;
    return ordinal < startOrdinal(set) + below ? current : update;
  };

  const firstUnhealthy = ({ set, wanted, condemned }: Pass): Pod | undefined => {
    const unhealthy = [...wanted, ...[...condemned].reverse()].filter(
      (pod) => pod !== undefined && !isAvailable(set, pod),
    );
    return unhealthy[0];
  };

  /** Deletes pods of the old revision from the highest ordinal down to the partition, as many at once as may be missing. */
  const roll = async ({ set, update, wanted }: Pass): Promise<void> => {
    const { partition = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
    const most = Math.max(1, scaledValue(maxUnavailable, wanted.length, true));
    const isUpdated = (pod: Pod): boolean => pod.metadata.labels?.[REVISION_LABEL] === update.metadata.name;
    if (most > 1) {
      const missing = wanted.filter((pod) => !isAvailable(set, pod)).length;
      let left = most - missing;
      for (let place = wanted.length - 1; place >= partition && left > 0; place--) {
        const pod = wanted[place];
        if (pod === undefined || isUpdated(pod) || isPodTerminating(pod)) continue;
        await control.delete(set, pod);
        left--;
      }
      return;
    }
    for (let place = wanted.length - 1; place >= partition; place--) {
      const pod = wanted[place];
      if (pod === undefined) return;
      if (!isUpdated(pod) && !isPodTerminating(pod)) {
        await control.delete(set, pod);
        return;
      }
      if (!isAvailable(set, pod)) return;
    }
  };

  const writeStatus = async ({ set, current, update }: Pass, owned: readonly Pod[]): Promise<void> => {
    const counts = { replicas: 0, readyReplicas: 0, availableReplicas: 0, currentReplicas: 0, updatedReplicas: 0 };
    for (const pod of owned) {
      if (pod.status.phase) counts.replicas++;
      const running = pod.status.phase === 'Running' && isPodReady(pod);
      if (running) counts.readyReplicas++;
      if (running && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now())) counts.availableReplicas++;
      if (isPodTerminating(pod) || !pod.status.phase) continue;
      const revision = pod.metadata.labels?.[REVISION_LABEL];
      if (revision === current.metadata.name) counts.currentReplicas++;
      if (revision === update.metadata.name) counts.updatedReplicas++;
    }
    let currentRevision = current.metadata.name;
    const rolled =
      set.spec.updateStrategy?.type !== 'OnDelete' &&
      counts.updatedReplicas === counts.replicas &&
      counts.readyReplicas === counts.replicas;
    if (rolled) {
      counts.currentReplicas = counts.updatedReplicas;
      currentRevision = update.metadata.name;
    }
    const { conditions } = set.status;
    const { currentReplicas, readyReplicas, updatedReplicas } = counts;
    const status: StatefulSetStatus = {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: counts.replicas,
      availableReplicas: counts.availableReplicas,
      ...(readyReplicas > 0 ? { readyReplicas } : {}),
      ...(currentReplicas > 0 ? { currentReplicas } : {}),
      ...(updatedReplicas > 0 ? { updatedReplicas } : {}),
      currentRevision,
      updateRevision: update.metadata.name,
      collisionCount: set.status.collisionCount ?? 0,
      ...(conditions === undefined ? {} : { conditions }),
    };
    if (semanticEqual(status, set.status)) return;
    await client.updateStatus<StatefulSet>(kinds.statefulsets, { ...set, status });
  };

  const loop = controllerLoop(context, 'statefulset', [sets, pods, revisions, claimsView], reconcile, 8);
  follow(sets, loop);
  pods.onChange((now, before) => {
    for (const pod of [now, before]) {
      const owner = pod === undefined ? undefined : controllerOf(pod);
      if (owner?.kind === 'StatefulSet') loop.add(`${pod?.metadata.namespace}/${owner.name}`);
    }
    if (now === undefined || controllerOf(now) !== undefined) return;
    for (const set of sets.list(now.metadata.namespace ?? '')) {
      if (matchesSelector(set.spec.selector, now.metadata.labels)) loop.add(keyOf(set));
    }
  });
  return loop;
}
