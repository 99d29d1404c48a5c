import type { Running } from '../client/index.ts';
import { kinds, type Pod, StatusError } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, keyOf, splitKey } from './controller.ts';
import { isPodTerminal, isPodTerminating } from './pod-state.ts';
import { timestampNow } from './timestamps.ts';

/** How long a node may be away before its pods are taken for lost; upstream's quarantine. */
const NODE_ABSENT_MS = 40_000;
const TERMINATED_MAX = 12_500;

/** Deletes pods that nobody else will: of nodes that are gone, never placed and deleted, and ended beyond a number. */
export function startPodGarbage(context: ControllerContext): Running {
  const { client, clock, informers } = context;
  const pods = informers.of(kinds.pods);
  const nodes = informers.of(kinds.nodes);
  const absentSince = new Map<string, number>();

  const reconcile = async (key: string): Promise<number | undefined> => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (pod === undefined) return undefined;
    const { nodeName } = pod.spec;
    if (!nodeName) {
      if (isPodTerminating(pod)) await destroy(pod);
      return undefined;
    }
    if (nodes.get(undefined, nodeName) !== undefined) {
      absentSince.delete(nodeName);
      return undefined;
    }
    const sinceMs = absentSince.get(nodeName) ?? clock.monotonic();
    absentSince.set(nodeName, sinceMs);
    const leftMs = sinceMs + NODE_ABSENT_MS - clock.monotonic();
    if (leftMs > 0) return leftMs;
    await destroy(pod, 'DeletionByPodGC', 'PodGC: node no longer exists');
    return undefined;
  };

  const destroy = async (pod: Pod, reason?: string, message?: string): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    try {
      if (reason !== undefined && message !== undefined && !isPodTerminal(pod)) {
        const lastTransitionTime = timestampNow(clock);
        const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime };
        const body = { metadata: { uid }, status: { phase: 'Failed', conditions: [condition] } };
        await client.patch(kinds.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' });
      }
      await client.delete(kinds.pods, namespace, name, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
    }
  };

  /** Keeps the number of ended pods bounded, the oldest going first. */
  const trim = async (): Promise<undefined> => {
    const ended = pods.list().filter((pod) => isPodTerminal(pod) && !isPodTerminating(pod));
    if (ended.length <= TERMINATED_MAX) return;
    ended.sort((a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp));
    for (const pod of ended.slice(0, ended.length - TERMINATED_MAX)) await destroy(pod);
  };

  const loop = controllerLoop(context, 'pod-garbage', [pods, nodes], (key) => (key === '' ? trim() : reconcile(key)));
  pods.onChange((now, before) => {
    if (now === undefined) return;
    const lost = now.spec.nodeName ? nodes.get(undefined, now.spec.nodeName) === undefined : isPodTerminating(now);
    if (lost) loop.add(keyOf(now));
    if (isPodTerminal(now) && before?.status.phase !== now.status.phase && pods.list().length > TERMINATED_MAX) {
      loop.add('');
    }
  });
  nodes.onChange((now, before) => {
    if (now !== undefined) {
      absentSince.delete(now.metadata.name);
      return;
    }
    for (const pod of pods.list()) if (pod.spec.nodeName === before?.metadata.name) loop.add(keyOf(pod));
  });
  return loop;
}
