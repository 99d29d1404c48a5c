import type { ContainerStatus, Pod } from '../kinds/index.ts';
import type { ContainerStatuses } from './container-status.ts';

/** A pod's phase from its containers' states (upstream's getPhase). `over`: nothing of the pod will run again. */
export function podPhase(pod: Pod, statuses: ContainerStatuses, over: boolean, initialized: boolean): string {
  const byName = new Map([...statuses.init, ...statuses.app].map((status) => [status.name, status]));
  const counts = {
    pendingInit: 0,
    failedInit: 0,
    pendingSidecar: 0,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    succeeded: 0,
  };
  for (const container of pod.spec.initContainers ?? []) {
    const status = byName.get(container.name);
    if (container.restartPolicy === 'Always') countSidecar(counts, status);
    else countInit(counts, status);
  }
  for (const container of pod.spec.containers) countApp(counts, byName.get(container.name));

  const policy = pod.spec.restartPolicy ?? 'Always';
  if (counts.failedInit > 0 && (policy === 'Never' || over)) return 'Failed';
  if (over && counts.running === 0 && counts.unknown === 0) {
    return counts.stopped > 0 && counts.stopped === counts.succeeded && counts.waiting === 0 ? 'Succeeded' : 'Failed';
  }
  if (counts.pendingInit > 0 || (counts.pendingSidecar > 0 && !initialized) || counts.waiting > 0) return 'Pending';
  if (counts.running > 0 && counts.unknown === 0) return 'Running';
  if (counts.stopped > 0 && counts.unknown === 0) {
    if (policy === 'Always') return 'Running';
    if (counts.stopped === counts.succeeded) return 'Succeeded';
    return policy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}

type Counts = Record<
  'pendingInit' | 'failedInit' | 'pendingSidecar' | 'unknown' | 'running' | 'waiting' | 'stopped' | 'succeeded',
  number
>;

function countInit(counts: Counts, status: ContainerStatus | undefined): void {
  const { terminated, waiting } = status?.state ?? {};
  const before = status?.lastState?.terminated;
  if (terminated) {
    if (terminated.exitCode !== 0) counts.failedInit++;
  } else if (waiting && before) {
    if (before.exitCode !== 0) counts.failedInit++;
  } else {
    counts.pendingInit++;
  }
}

function countSidecar(counts: Counts, status: ContainerStatus | undefined): void {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running) {
    if (!status?.started) counts.pendingSidecar++;
    counts.running++;
  } else if (waiting) {
    if (status?.lastState?.terminated) return;
    counts.pendingSidecar++;
    counts.waiting++;
  } else if (!terminated) {
    counts.pendingSidecar++;
    counts.unknown++;
  }
}

function countApp(counts: Counts, status: ContainerStatus | undefined): void {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running) {
    counts.running++;
  } else if (terminated) {
    counts.stopped++;
    if (terminated.exitCode === 0) counts.succeeded++;
  } else if (waiting) {
    if (status?.lastState?.terminated) counts.stopped++;
    else counts.waiting++;
  } else {
    counts.unknown++;
  }
}
