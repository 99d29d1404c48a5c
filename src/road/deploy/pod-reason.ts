import type { ContainerStatus, Event, Pod } from '../../engine/kinds/index.ts';

/** What keeps a pod from being ready, and whether waiting longer can help. */
export interface PodReason {
  readonly text: string;
  /** `grave`: it will hardly mend itself; `logs`: the container's last lines tell more. */
  readonly grave: boolean;
  readonly logs: { readonly container: string; readonly previous: boolean } | undefined;
}

const PULL_FAULTS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** Why a pod is not ready; undefined when it is. `events` are those about this pod. */
export function podReason(pod: Pod, events: readonly Event[]): PodReason | undefined {
  const { status } = pod;
  if (pod.metadata.deletionTimestamp) return undefined;
  if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return undefined;
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return {
      text: `not scheduled: ${firstLine(scheduled.message ?? scheduled.reason)}`,
      grave: false,
      logs: undefined,
    };
  }
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const reason = containerReason(container);
    if (reason) return reason;
  }
  const running = status?.containerStatuses?.find(({ state, ready }) => state?.running && !ready);
  const last = newest(events);
  if (running) {
    const probe = last?.reason === 'Unhealthy' ? firstLine(last.message) : undefined;
    return {
      text: probe ?? 'started, not ready yet',
      grave: false,
      logs: probe ? { container: running.name, previous: false } : undefined,
    };
  }
  if (last && (last.type === 'Warning' || last.reason === 'Pulling')) {
    return { text: `${last.reason}: ${firstLine(last.message)}`, grave: false, logs: undefined };
  }
  return { text: status?.phase === 'Failed' ? failedText(pod) : 'starting', grave: false, logs: undefined };
}

function containerReason(container: ContainerStatus): PodReason | undefined {
  const { name, state, lastState, restartCount = 0 } = container;
  const waiting = state?.waiting;
  if (waiting?.reason && PULL_FAULTS.has(waiting.reason)) {
    const text = `container ${name}: ${waiting.reason}: ${firstLine(waiting.message)}`;
    return { text, grave: true, logs: undefined };
  }
  const ended = state?.terminated ?? (waiting?.reason === 'CrashLoopBackOff' ? lastState?.terminated : undefined);
  if (!ended || (ended.exitCode === 0 && state?.terminated?.reason === 'Completed' && restartCount === 0))
    return undefined;
  const how = ended.reason === 'OOMKilled' ? 'ran out of memory (OOMKilled)' : `ended with exit code ${ended.exitCode}`;
  const times = restartCount > 0 ? `, restarted ${restartCount} times` : '';
  return {
    text: `container ${name} ${how}${times}`,
    grave: true,
    logs: { container: name, previous: state?.terminated === undefined },
  };
}

function failedText(pod: Pod): string {
  return `failed: ${pod.status?.reason ?? ''} ${pod.status?.message ?? ''}`.trim();
}

/** A message may carry a page of a program's output; its first line says what happened. */
function firstLine(message: string | undefined): string {
  return (message ?? '').split('\n')[0]?.slice(0, 300) ?? '';
}

function newest(events: readonly Event[]): Event | undefined {
  const when = (event: Event): string => event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? '';
  return [...events].sort((a, b) => (when(a) < when(b) ? -1 : 1)).at(-1);
}
