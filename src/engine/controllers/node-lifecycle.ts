import type { Running } from '../client/index.ts';
import { kinds, type Node, type NodeCondition, type Pod, StatusError, type Taint } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from './controller.ts';
import { toleratesTaint } from './node-fit.ts';
import { timeMs, timestampNow } from './timestamps.ts';

/** How long a node may be silent before its conditions are Unknown (upstream's node-monitor-grace-period). */
const GRACE_MS = 50_000;
const LEASES = 'kube-node-lease';
const SILENT_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** Conditions with the taint each state of theirs puts on the node. */
const TAINTS: readonly { type: string; status: string; key: string }[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready' },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable' },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const EVICTING = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
const OURS = new Set([...TAINTS.map(({ key }) => key), UNSCHEDULABLE]);

/** Notices silent nodes by their leases, taints nodes by their conditions, and evicts pods that tolerate no NoExecute taint. */
export function startNodeLifecycle(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const nodes = informers.of(kinds.nodes);
  const leases = informers.of(kinds.leases);
  const pods = informers.of(kinds.pods);
  const recorder = context.recorder('node-controller');
  const evictions = context.recorder('taint-eviction-controller');
  pods.addIndex('node', (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
  const heard = new Map<string, number>();

  const reconcileNode = async (name: string): Promise<number | undefined> => {
    let node = nodes.get(undefined, name);
    if (node === undefined) {
      heard.delete(name);
      return undefined;
    }
    const sinceMs = heard.get(name) ?? clock.monotonic();
    heard.set(name, sinceMs);
    const leftMs = sinceMs + GRACE_MS - clock.monotonic();
    if (leftMs <= 0) node = await markSilent(node);
    await setTaints(node);
    return leftMs > 0 ? leftMs : undefined;
  };

  const markSilent = async (node: Node): Promise<Node> => {
    const before = node.status.conditions ?? [];
    if (before.find((condition) => condition.type === 'Ready')?.status === 'Unknown') return node;
    const now = timestampNow(clock);
    const unknown = (condition: NodeCondition): NodeCondition => ({
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: now,
    });
    const conditions = before.map((condition) =>
      SILENT_CONDITIONS.includes(condition.type) ? unknown(condition) : condition,
    );
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    recorder.event(node, 'Normal', 'NodeNotReady', message);
    const silent = await client.updateStatus<Node>(kinds.nodes, { ...node, status: { ...node.status, conditions } });
    for (const pod of pods.byIndex('node', node.metadata.name)) await markPodNotReady(pod);
    return silent;
  };

  const markPodNotReady = async (pod: Pod): Promise<void> => {
    const ready = pod.status.conditions?.find((condition) => condition.type === 'Ready');
    if (ready?.status !== 'True') return;
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestampNow(clock) };
    const { namespace, name, uid } = pod.metadata;
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await unlessGone(client.patch(kinds.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' }));
    recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
  };

  const setTaints = async (node: Node): Promise<void> => {
    const before = node.spec.taints ?? [];
    const wanted = wantedTaints(node);
    const isSame = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
    const kept = before.filter((taint) => !OURS.has(taint.key) || wanted.some((each) => isSame(each, taint)));
    const added = wanted.filter((taint) => !before.some((each) => isSame(each, taint)));
    if (kept.length === before.length && added.length === 0) return;
    const now = timestampNow(clock);
    const taints = [...kept, ...added.map((taint) => ({ ...taint, timeAdded: now }))];
    const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
    await client.patch(kinds.nodes, undefined, node.metadata.name, { type: 'merge', body });
  };

  const reconcilePod = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return undefined;
    const node = pod.spec.nodeName ? nodes.get(undefined, pod.spec.nodeName) : undefined;
    const dueMs = evictionTime(pod, node?.spec.taints ?? [], clock.now());
    if (dueMs === undefined) return undefined;
    if (dueMs > clock.now()) return dueMs - clock.now();
    evictions.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestampNow(clock),
    };
    const { uid } = pod.metadata;
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await unlessGone(client.patch(kinds.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' }));
    await unlessGone(client.delete(kinds.pods, namespace, name, { uid }));
    return undefined;
  };

  const nodeLoop = controllerLoop(context, 'node-lifecycle', [nodes, leases, pods], reconcileNode);
  const podLoop = controllerLoop(context, 'taint-eviction', [nodes, pods], reconcilePod);
  follow(nodes, nodeLoop);
  nodes.onChange((now, before) => {
    // A node that writes its own status is alive, with a lease or without.
    const ready = now?.status.conditions?.find((condition) => condition.type === 'Ready');
    const earlier = before?.status.conditions?.find((condition) => condition.type === 'Ready');
    if (now !== undefined && ready?.status !== 'Unknown' && ready?.lastHeartbeatTime !== earlier?.lastHeartbeatTime) {
      heard.set(now.metadata.name, clock.monotonic());
    }
    if (now === undefined || (before === undefined && (now.spec.taints ?? []).length === 0)) return;
    if (JSON.stringify(now.spec.taints) === JSON.stringify(before?.spec.taints)) return;
    for (const pod of pods.byIndex('node', now.metadata.name)) podLoop.add(keyOf(pod));
  });
  leases.onChange((now, before) => {
    if (now?.metadata.namespace !== LEASES || now.spec.renewTime === before?.spec.renewTime) return;
    heard.set(now.metadata.name, clock.monotonic());
    // A node that was silent and speaks again says so in its own status.
    const node = nodes.get(undefined, now.metadata.name);
    if (node === undefined || before === undefined) nodeLoop.add(now.metadata.name);
  });
  pods.onChange((now, before) => {
    if (now === undefined || !now.spec.nodeName || before?.spec.nodeName === now.spec.nodeName) return;
    const node = nodes.get(undefined, now.spec.nodeName);
    if (node?.spec.taints?.some((taint) => taint.effect === 'NoExecute')) podLoop.add(keyOf(now));
  });
  return {
    async stop() {
      await Promise.all([nodeLoop.stop(), podLoop.stop()]);
    },
  };
}

function wantedTaints(node: Node): Taint[] {
  const taints: Taint[] = [];
  for (const { type, status, key } of TAINTS) {
    const condition = node.status.conditions?.find((each) => each.type === type);
    if (condition?.status !== status) continue;
    taints.push({ key, effect: 'NoSchedule' });
    if (EVICTING.has(key)) taints.push({ key, effect: 'NoExecute' });
  }
  if (node.spec.unschedulable) taints.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  return taints;
}

/** When the NoExecute taints of its node drive a pod away; undefined while it may stay. */
export function evictionTime(pod: Pod, taints: readonly Taint[], nowMs: number): number | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  let dueMs: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const covering = tolerations.filter((toleration) => toleratesTaint([toleration], taint));
    if (covering.length === 0) return nowMs;
    const limits = covering.map((toleration) => toleration.tolerationSeconds).filter((limit) => limit !== undefined);
    if (limits.length === 0) continue;
    const sinceMs = timeMs(taint.timeAdded);
    const atMs = (Number.isNaN(sinceMs) ? nowMs : sinceMs) + Math.max(0, Math.min(...limits)) * 1000;
    dueMs = Math.min(dueMs ?? atMs, atMs);
  }
  return dueMs;
}

async function unlessGone(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
  }
}
