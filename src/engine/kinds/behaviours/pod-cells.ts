import { ageSince, formatAge } from '../age.ts';
import type { KubeObject } from '../contract.ts';
import type { Container, ContainerStatus, Pod } from '../generated/types.ts';

type Cell = string | number | boolean | null;

/** A sidecar: an init container that keeps running. */
const isSidecar = (container: Container | undefined) => container?.restartPolicy === 'Always';

/** `kubectl get pods`, by upstream's printPod: one word for what matters most about the pod now. */
export function pod(object: KubeObject, now: number): Cell[] {
  const { metadata, spec, status } = object as unknown as Pod;
  const conditions = status.conditions ?? [];
  let total = spec.containers.length;
  let ready = 0;
  let restarts = 0;
  let sidecarRestarts = 0;
  let lastRestart = 0;
  let lastSidecarRestart = 0;
  let reason = status.reason || status.phase || '';
  if (conditions.some((one) => one.type === 'PodScheduled' && one.reason === 'SchedulingGated'))
    reason = 'SchedulingGated';

  const byName = new Map((spec.initContainers ?? []).map((container) => [container.name, container]));
  for (const container of spec.initContainers ?? []) if (isSidecar(container)) total++;

  let initializing = false;
  for (const [index, container] of (status.initContainerStatuses ?? []).entries()) {
    restarts += container.restartCount;
    lastRestart = Math.max(lastRestart, finishedAt(container));
    const sidecar = isSidecar(byName.get(container.name));
    if (sidecar) {
      sidecarRestarts += container.restartCount;
      lastSidecarRestart = Math.max(lastSidecarRestart, finishedAt(container));
    }
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) ready++;
      continue;
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated) reason = `Init:${endOf(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    else reason = `Init:${index}/${spec.initContainers?.length ?? 0}`;
    initializing = true;
    break;
  }

  if (!initializing || conditions.some((one) => one.type === 'Initialized' && one.status === 'True')) {
    restarts = sidecarRestarts;
    lastRestart = lastSidecarRestart;
    let running = false;
    for (const container of [...(status.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount;
      lastRestart = Math.max(lastRestart, finishedAt(container));
      const { waiting, terminated, running: runs } = container.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated) reason = endOf(terminated);
      else if (container.ready && runs) {
        running = true;
        ready++;
      }
    }
    // Some containers finished, others run: the pod as a whole does.
    if (reason === 'Completed' && running) {
      reason = conditions.some((one) => one.type === 'Ready' && one.status === 'True') ? 'Running' : 'NotReady';
    }
  }

  if (metadata.deletionTimestamp && status.reason === 'NodeLost') reason = 'Unknown';
  else if (metadata.deletionTimestamp && status.phase !== 'Succeeded' && status.phase !== 'Failed')
    reason = 'Terminating';

  const restartCell =
    restarts > 0 && lastRestart > 0 ? `${restarts} (${formatAge(now - lastRestart)} ago)` : String(restarts);
  return [
    metadata.name,
    `${ready}/${total}`,
    reason,
    restartCell,
    ageSince(metadata.creationTimestamp, now),
    status.podIPs?.[0]?.ip || status.podIP || '<none>',
    spec.nodeName || '<none>',
    status.nominatedNodeName || '<none>',
    readinessGates(object as unknown as Pod),
  ];
}

function finishedAt(container: ContainerStatus): number {
  const time = container.lastState?.terminated?.finishedAt;
  return time ? Date.parse(time) : 0;
}

function endOf(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const held = gates.filter((gate) =>
    status.conditions?.some((one) => one.type === gate.conditionType && one.status === 'True'),
  );
  return `${held.length}/${gates.length}`;
}
