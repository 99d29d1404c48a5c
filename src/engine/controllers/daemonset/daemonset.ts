import type { Running } from '../../client/index.ts';
import {
  type ControllerRevision,
  type DaemonSet,
  type DaemonSetStatus,
  type Draft,
  kinds,
  matchesSelector,
  type Node,
  type Pod,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { semanticEqual } from '../equality.ts';
import { Expectations } from '../expectations.ts';
import { scaledValue } from '../int-or-percent.ts';
import { claim, controllerOf, ORPHANS, orphanNamespace } from '../ownership.ts';
import { isNamespaceTerminating, PodControl, slowStart } from '../pod-control.ts';
import { availableInMs, isPodActive, isPodAvailable, isPodReady, isPodTerminating } from '../pod-state.ts';
import { hashOf, RevisionHistory } from '../revisions.ts';
import { shouldRun, targetNode, tiedTo } from './placement.ts';

const REVISION_LABEL = 'controller-revision-hash';
const GENERATION_LABEL = 'pod-template-generation';
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';

/** Keeps one pod on every node that qualifies. */
export function startDaemonSets(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const sets = informers.of(kinds.daemonsets);
  const pods = informers.of(kinds.pods);
  const nodes = informers.of(kinds.nodes);
  const revisions = informers.of(kinds.controllerrevisions);
  pods.addIndex(ORPHANS, orphanNamespace);
  const recorder = context.recorder('daemonset-controller');
  const control = new PodControl(client, recorder);
  const expectations = new Expectations(pods, clock);
  const history = new RevisionHistory(client, revisions);

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const set = sets.get(namespace, name);
    if (set === undefined) {
      expectations.forget(key);
      return undefined;
    }
    const owned = await claim<Pod>({
      client,
      kind: kinds.pods,
      owner: set,
      ownerKind: kinds.daemonsets,
      selector: set.spec.selector,
      owned: pods.ownedBy(set.metadata.uid),
      orphans: pods.byIndex(ORPHANS, namespace),
    });
    if (set.metadata.deletionTimestamp !== undefined) return undefined;
    const known = history.list(set);
    const current = await history.current(set, known, async (collisionCount) => {
      await client.updateStatus<DaemonSet>(kinds.daemonsets, { ...set, status: { ...set.status, collisionCount } });
    });
    const byNode = groupByNode(owned);
    if (expectations.met(key)) {
      await manage(key, set, current, byNode);
      if (expectations.met(key) && set.spec.updateStrategy?.type !== 'OnDelete') await roll(key, set, current, byNode);
    }
    await writeStatus(set, current, byNode);
    const used = new Set([current.metadata.name]);
    for (const revision of known) {
      const hash = hashOf(revision);
      if (owned.some((pod) => pod.metadata.labels?.[REVISION_LABEL] === hash)) used.add(revision.metadata.name);
    }
    await history.truncate(set, known, used);
    const waits = owned
      .map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, clock.now()))
      .filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Math.min(...waits);
  };

  const isUpdated = (pod: Pod, current: ControllerRevision): boolean =>
    pod.metadata.labels?.[REVISION_LABEL] === hashOf(current);
  const isAvailable = (set: DaemonSet, pod: Pod): boolean =>
    isPodAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now());

  /** Pods where there should be some, none where there should not, and none twice. */
  const manage = async (
    key: string,
    set: DaemonSet,
    current: ControllerRevision,
    byNode: ReadonlyMap<string, readonly Pod[]>,
  ): Promise<void> => {
    const create: string[] = [];
    const remove: Pod[] = [];
    for (const node of nodes.list()) {
      const { run, stay } = shouldRun(set, node);
      const there = byNode.get(node.metadata.name) ?? [];
      const ended = there.filter((pod) => pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded');
      const alive = there.filter((pod) => isPodActive(pod));
      if (!stay) remove.push(...there.filter((pod) => !isPodTerminating(pod)));
      else if (run || alive.length > 0) {
        for (const pod of ended.filter((each) => !isPodTerminating(each))) {
          const failed = pod.status.phase === 'Failed';
          const text = `Found ${failed ? 'failed' : 'succeeded'} daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node.metadata.name}, will try to ${failed ? 'kill' : 'delete'} it`;
          recorder.event(set, failed ? 'Warning' : 'Normal', failed ? 'FailedDaemonPod' : 'SucceededDaemonPod', text);
          remove.push(pod);
        }
        if (run && there.length === 0) create.push(node.metadata.name);
        remove.push(...duplicates(set, current, alive));
      }
    }
    // Pods tied to nodes that are gone.
    for (const [nodeName, there] of byNode) {
      if (nodes.get(undefined, nodeName) === undefined && nodeName !== '') {
        remove.push(...there.filter((pod) => !pod.spec.nodeName && isPodActive(pod)));
      }
    }
    await act(key, set, current, create, remove);
  };

  /** Of several pods on a node the oldest stays; during a surge one of each template does, until the new one is available. */
  const duplicates = (set: DaemonSet, current: ControllerRevision, alive: readonly Pod[]): Pod[] => {
    if (alive.length <= 1) return [];
    const oldestFirst = [...alive].sort(
      (a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp),
    );
    const fresh = oldestFirst.filter((pod) => isUpdated(pod, current));
    const stale = oldestFirst.filter((pod) => !isUpdated(pod, current));
    if (surgeOf(set, 1) === 0 || fresh.length === 0 || stale.length === 0) return oldestFirst.slice(1);
    const [kept, ...others] = fresh;
    if (kept !== undefined && isAvailable(set, kept)) return [...others, ...stale];
    const [standing, ...more] = stale;
    // An old pod that serves nobody need not be waited for.
    return standing !== undefined && isPodReady(standing) ? [...others, ...more] : [...others, ...stale];
  };

  const surgeOf = (set: DaemonSet, total: number): number =>
    scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, total, true);

  /** Replaces pods of older templates, as many at once as may be missing or doubled. */
  const roll = async (
    key: string,
    set: DaemonSet,
    current: ControllerRevision,
    byNode: ReadonlyMap<string, readonly Pod[]>,
  ): Promise<void> => {
    const wanted = nodes.list().filter((node) => shouldRun(set, node).run);
    const surge = surgeOf(set, wanted.length);
    const given = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
    const unavailableMax = Math.max(surge === 0 ? 1 : 0, scaledValue(given, wanted.length, true));
    if (surge > 0) await rollWithSurge(key, set, current, byNode, wanted, surge);
    else {
      const broken: Pod[] = [];
      const standing: Pod[] = [];
      let unavailable = 0;
      for (const node of wanted) {
        const alive = (byNode.get(node.metadata.name) ?? []).filter((pod) => !isPodTerminating(pod));
        const pod = alive.find((each) => !isUpdated(each, current)) ?? alive[0];
        if (pod === undefined) {
          unavailable++;
          continue;
        }
        const available = isAvailable(set, pod);
        if (!available) unavailable++;
        if (!isUpdated(pod, current)) (available ? standing : broken).push(pod);
      }
      const left = Math.max(0, unavailableMax - unavailable);
      await act(key, set, current, [], [...broken, ...standing.slice(0, left)]);
    }
  };

  const rollWithSurge = async (
    key: string,
    set: DaemonSet,
    current: ControllerRevision,
    byNode: ReadonlyMap<string, readonly Pod[]>,
    wanted: readonly Node[],
    surge: number,
  ): Promise<void> => {
    let doubled = 0;
    const create: string[] = [];
    const remove: Pod[] = [];
    const candidates: string[] = [];
    for (const node of wanted) {
      const alive = (byNode.get(node.metadata.name) ?? []).filter((pod) => isPodActive(pod));
      const stale = alive.find((pod) => !isUpdated(pod, current));
      const fresh = alive.find((pod) => isUpdated(pod, current));
      if (stale === undefined) continue;
      if (fresh === undefined) {
        if (isAvailable(set, stale)) candidates.push(node.metadata.name);
        else create.push(node.metadata.name);
      } else if (isAvailable(set, fresh)) remove.push(stale);
      else doubled++;
    }
    create.push(...candidates.slice(0, Math.max(0, surge - doubled)));
    await act(key, set, current, create, remove);
  };

  const act = async (
    key: string,
    set: DaemonSet,
    current: ControllerRevision,
    create: readonly string[],
    remove: readonly Pod[],
  ): Promise<void> => {
    const { error } = await slowStart(create.length, async (index) => {
      const tie = tiedTo(create[index] ?? '', set);
      const change = (draft: Draft<Pod>) => tie(labelled(set, current, draft));
      expectations.created(key, await control.create(set, set.spec.template, change));
    });
    await Promise.all(
      remove.map(async (pod) => {
        await control.delete(set, pod);
        expectations.deleted(key, pod);
      }),
    );
    if (error !== undefined && !isNamespaceTerminating(error)) throw error;
  };

  const writeStatus = async (
    set: DaemonSet,
    current: ControllerRevision,
    byNode: ReadonlyMap<string, readonly Pod[]>,
  ): Promise<void> => {
    const counts = { desired: 0, scheduled: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
    for (const node of nodes.list()) {
      const there = (byNode.get(node.metadata.name) ?? []).filter((pod) => !isPodTerminating(pod));
      if (!shouldRun(set, node).run) {
        if (there.length > 0) counts.misscheduled++;
        continue;
      }
      counts.desired++;
      if (there.length === 0) continue;
      counts.scheduled++;
      // During a surge the oldest pod speaks for the node.
      const [pod] = [...there].sort(
        (a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp),
      );
      if (pod === undefined) continue;
      if (isPodReady(pod)) counts.ready++;
      if (isAvailable(set, pod)) counts.available++;
      if (isUpdated(pod, current)) counts.updated++;
    }
    const unavailable = counts.desired - counts.available;
    const { collisionCount, conditions } = set.status;
    const status: DaemonSetStatus = {
      currentNumberScheduled: counts.scheduled,
      numberMisscheduled: counts.misscheduled,
      desiredNumberScheduled: counts.desired,
      numberReady: counts.ready,
      observedGeneration: set.metadata.generation ?? 0,
      ...(counts.updated > 0 ? { updatedNumberScheduled: counts.updated } : {}),
      ...(counts.available > 0 ? { numberAvailable: counts.available } : {}),
      ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
      ...(collisionCount === undefined ? {} : { collisionCount }),
      ...(conditions === undefined ? {} : { conditions }),
    };
    if (semanticEqual(status, set.status)) return;
    await client.updateStatus<DaemonSet>(kinds.daemonsets, { ...set, status });
  };

  const loop = controllerLoop(context, 'daemonset', [sets, pods, nodes, revisions], reconcile, 8);
  follow(sets, loop);
  nodes.onChange((now, before) => {
    const facts = (node: Node | undefined) => JSON.stringify([node?.metadata.labels, node?.spec]);
    if (facts(now) === facts(before)) return;
    for (const set of sets.list()) loop.add(keyOf(set));
  });
  pods.onChange((now, before) => {
    for (const pod of [now, before]) {
      const owner = pod === undefined ? undefined : controllerOf(pod);
      if (owner?.kind === 'DaemonSet') loop.add(`${pod?.metadata.namespace}/${owner.name}`);
    }
    if (now === undefined || controllerOf(now) !== undefined) return;
    for (const set of sets.list(now.metadata.namespace ?? '')) {
      if (matchesSelector(set.spec.selector, now.metadata.labels)) loop.add(keyOf(set));
    }
  });
  return loop;
}

function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    const group = groups.get(node);
    if (group) group.push(pod);
    else groups.set(node, [pod]);
  }
  return groups;
}

function labelled(set: DaemonSet, current: ControllerRevision, draft: Draft<Pod>): Draft<Pod> {
  const generation = set.metadata.annotations?.[GENERATION_ANNOTATION];
  const labels = {
    ...draft.metadata.labels,
    [REVISION_LABEL]: hashOf(current),
    ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
  };
  return { ...draft, metadata: { ...draft.metadata, labels } };
}
