import type { LoopContext } from '../client/index.ts';
import { kinds, type Pod, StatusError } from '../kinds/index.ts';

/** Writes on the pod why it has no node. Says nothing when the pod says so already, or is gone. */
export async function writeVerdict(
  context: LoopContext,
  pod: Pod,
  reason: 'Unschedulable' | 'SchedulingGated' | 'SchedulerError',
  message: string,
  nominatedNodeName?: string,
): Promise<void> {
  const current = pod.status.conditions?.find((condition) => condition.type === 'PodScheduled');
  const same = current?.status === 'False' && current.reason === reason && current.message === message;
  const renominated = nominatedNodeName !== undefined && pod.status.nominatedNodeName !== nominatedNodeName;
  if (same && !renominated) return;
  const now = new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: current?.status === 'False' ? current.lastTransitionTime : now,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  const status = { conditions: [condition], ...(renominated ? { nominatedNodeName } : {}) };
  const { namespace, name, uid } = pod.metadata;
  try {
    const body = { metadata: { uid }, status };
    await context.client.patch(kinds.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' });
  } catch (error) {
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
  }
}
