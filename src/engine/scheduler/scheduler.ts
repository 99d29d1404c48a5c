import { messageOf } from '../../base/index.ts';
import type { LoopContext, Running } from '../client/index.ts';
import { kinds, type Node, type Pod, StatusError } from '../kinds/index.ts';
import { bind } from './bind.ts';
import { ClusterState, type NodeState } from './cluster-state.ts';
import type { Views } from './filter.ts';
import { type Fit, fit, fitMessage } from './fit.ts';
import { type Preemption, preempt } from './preemption.ts';
import { SchedulingQueue } from './queue.ts';
import { bestNode } from './score.ts';
import { SCORES } from './scores.ts';
import { writeVerdict } from './verdict.ts';

const NAME = 'default-scheduler';
/** Pods placed before other work of the process gets its turn. */
const TURN_PODS = 64;

/**
 * Places pods one after the other, as each placement changes what fits next; bindings are written side by side. A placed
 * pod counts on its node from that moment (it is assumed), so placing never waits for the API.
 */
export function startScheduler(context: LoopContext): Running {
  const { client, informers, clock, log } = context;
  const recorder = context.recorder(NAME);
  const pods = informers.of(kinds.pods);
  const nodes = informers.of(kinds.nodes);
  const budgets = informers.of(kinds.poddisruptionbudgets);
  const views: Views = {
    namespaces: informers.of(kinds.namespaces),
    claims: informers.of(kinds.persistentvolumeclaims),
    volumes: informers.of(kinds.persistentvolumes),
    classes: informers.of(kinds.storageclasses),
  };
  const cluster = new ClusterState();
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let synced = false;
  let planned = false;
  let turn = 0;

  const work = (): void => {
    if (planned || !synced || stopping.signal.aborted) return;
    planned = true;
    queueMicrotask(takeTurn);
  };
  const takeTurn = (): void => {
    planned = false;
    for (let count = 0; count < TURN_PODS; count++) {
      const pod = stopping.signal.aborted ? undefined : queue.take();
      if (pod === undefined) return;
      place(pod);
    }
    planned = true;
    setImmediate(takeTurn);
  };
  const queue = new SchedulingQueue(clock, work);

  const track = (task: Promise<void>): void => {
    const done = task
      .catch((error: unknown) => log.warn('scheduling failed', { error: messageOf(error) }))
      .finally(() => underWay.delete(done));
    underWay.add(done);
  };

  const place = (pod: Pod): void => {
    try {
      const all = cluster.nodes();
      const found = fit(pod, all, views, turn);
      turn = all.length === 0 ? 0 : (turn + found.feasible.length + found.refusals.size) % all.length;
      const node = bestNode(pod, withNomination(pod, found), all, views, SCORES);
      if (node === undefined) {
        track(refuse(pod, found, all));
        return;
      }
      cluster.place(pod, node.name);
      track(commit(pod, node));
    } catch (error) {
      log.error('scheduling failed', { pod: pod.metadata.name, error: messageOf(error) });
      queue.retry(pod.metadata.uid);
    }
  };

  const commit = async (pod: Pod, node: NodeState): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    try {
      await bind(context, pod, node, views, stopping.signal);
      queue.remove(uid);
      const message = `Successfully assigned ${namespace}/${name} to ${node.name}`;
      recorder.event(pod, 'Normal', 'Scheduled', message);
    } catch (error) {
      if (!pods.get(namespace, name)?.spec.nodeName) cluster.remove(uid);
      if (stopping.signal.aborted) return;
      queue.relieve('podGone');
      if (error instanceof StatusError && error.code === 404) {
        queue.remove(uid);
        return;
      }
      const message = `running Bind plugin "DefaultBinder": ${messageOf(error)}`;
      recorder.event(pod, 'Warning', 'FailedScheduling', message);
      await writeVerdict(context, pod, 'SchedulerError', message).finally(() => queue.retry(uid));
    }
  };

  const refuse = async (pod: Pod, found: Fit, all: readonly NodeState[]): Promise<void> => {
    const preemption: Preemption =
      all.length === 0
        ? { node: undefined, victims: [], message: '' }
        : preempt(pod, found, all, views, budgets.list());
    const message = fitMessage(found, all.length, preemption.message);
    try {
      for (const victim of preemption.victims) await evict(victim, pod, preemption.node?.name ?? '');
      recorder.event(pod, 'Warning', 'FailedScheduling', message);
      await writeVerdict(context, pod, 'Unschedulable', message, preemption.node?.name);
    } finally {
      queue.wait(pod.metadata.uid, found.relief);
    }
  };

  const evict = async (victim: Pod, preemptor: Pod, nodeName: string): Promise<void> => {
    const { namespace, name, uid } = victim.metadata;
    if (victim.metadata.deletionTimestamp !== undefined) return;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${NAME}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    try {
      const body = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(kinds.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' });
      await client.delete(kinds.pods, namespace, name, { uid });
    } catch (error) {
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
    }
    const message = `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`;
    recorder.event(victim, 'Normal', 'Preempted', message);
  };

  const isOurs = (pod: Pod): boolean =>
    (pod.spec.schedulerName ?? NAME) === NAME &&
    !pod.spec.nodeName &&
    pod.metadata.deletionTimestamp === undefined &&
    pod.status.phase !== 'Succeeded' &&
    pod.status.phase !== 'Failed';

  pods.onChange((now, before) => {
    const uid = (now ?? before)?.metadata.uid ?? '';
    if (now === undefined || now.status.phase === 'Succeeded' || now.status.phase === 'Failed') {
      const wasPlaced = cluster.nodeOf(uid) !== undefined;
      cluster.remove(uid);
      queue.remove(uid);
      if (wasPlaced) queue.relieve('podGone');
    } else if (now.spec.nodeName) {
      const wasPlaced = cluster.nodeOf(uid) === now.spec.nodeName;
      queue.remove(uid);
      cluster.place(now, now.spec.nodeName);
      if (!wasPlaced || before?.spec.nodeName !== now.spec.nodeName) {
        queue.relieve('podPlaced');
      } else if (before.metadata.deletionTimestamp !== now.metadata.deletionTimestamp) {
        queue.relieve('podGone');
      } else if (before.metadata.labels !== now.metadata.labels) queue.relieve('podPlaced');
    } else if (!isOurs(now)) queue.remove(uid);
    else if (isGated(now)) {
      queue.remove(uid);
      track(writeVerdict(context, now, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates'));
    } else if (!queue.has(uid) && cluster.nodeOf(uid) === undefined) queue.put(now);
    else if (before !== undefined && wishesChanged(now, before)) queue.put(now);
    else queue.refresh(now);
  });
  nodes.onChange((now, before) => {
    if (now === undefined) cluster.removeNode(before?.metadata.name ?? '');
    else {
      cluster.setNode(now);
      if (before === undefined || nodeChanged(now, before)) queue.relieve('node');
    }
  });
  for (const view of [views.claims, views.volumes, views.classes]) view.onChange(() => queue.relieve('volume'));
  views.namespaces.onChange((now, before) => {
    if (before !== undefined && now?.metadata.labels !== before.metadata.labels) queue.relieve('namespace');
  });
  const everything = [pods, nodes, budgets, ...Object.values(views)].map((view) => view.synced());
  void Promise.all(everything).then(() => {
    synced = true;
    work();
  });

  return {
    async stop() {
      stopping.abort();
      queue.stop();
      await Promise.all(underWay);
    },
  };
}

/** A node that was cleared for this pod goes before all others. */
function withNomination(pod: Pod, found: Fit): readonly NodeState[] {
  const nominated = found.feasible.find((node) => node.name === pod.status.nominatedNodeName);
  return nominated === undefined ? found.feasible : [nominated];
}

function isGated(pod: Pod): boolean {
  return (pod.spec.schedulingGates ?? []).length > 0;
}

function wishesChanged(now: Pod, before: Pod): boolean {
  return (
    now.metadata.generation !== before.metadata.generation ||
    JSON.stringify(now.metadata.labels) !== JSON.stringify(before.metadata.labels)
  );
}

/** Whether more fits on a node than before: a heartbeat changes nothing. */
function nodeChanged(now: Node, before: Node): boolean {
  const facts = (node: Node) =>
    JSON.stringify([node.spec.taints, node.spec.unschedulable, node.metadata.labels, node.status.allocatable]);
  return facts(now) !== facts(before);
}
