import { createHash } from 'node:crypto';
import type { Container, Pod } from '../kinds/index.ts';

/** A container of any list of a pod; only ephemeral ones name a target. */
export type AnyContainer = Container & { targetContainerName?: string };

/**
 * `init` runs to its end before the next; `sidecar` is an init container with restartPolicy Always; `app` is what the pod
 * is for; `ephemeral` is added to a running pod for debugging.
 */
export type ContainerRole = 'init' | 'sidecar' | 'app' | 'ephemeral';

export interface ContainerPlace {
  readonly container: AnyContainer;
  readonly role: ContainerRole;
}

/** All containers in the order they start: init and sidecars, then the rest. */
export function containersOf(pod: Pod): readonly ContainerPlace[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  return [
    ...initContainers.map((container) => ({
      container,
      role: container.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
    })),
    ...containers.map((container) => ({ container, role: 'app' as const })),
    ...ephemeralContainers.map((container) => ({ container, role: 'ephemeral' as const })),
  ];
}

export function findContainer(pod: Pod, name: string): ContainerPlace | undefined {
  return containersOf(pod).find((place) => place.container.name === name);
}

/** `name_namespace(uid)`: how the kubelet's messages name a pod. */
export function podLabel(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
}

/** Changes when a running container no longer is what its spec asks for; of all fields only the image may change. */
export function containerHash(container: AnyContainer): string {
  const { name, image } = container;
  return createHash('sha256').update(JSON.stringify({ name, image })).digest('hex').slice(0, 8);
}

/** `spec.containers{name}`: the part of a pod that an event about a container names. */
export function containerPath({ container, role }: ContainerPlace): string {
  const list = role === 'app' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers';
  return `spec.${list}{${container.name}}`;
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
