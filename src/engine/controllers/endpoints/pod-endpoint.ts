import type { DiscoveryEndpointPort, Endpoint, Node, Pod, Service, ServicePort } from '../../kinds/index.ts';
import { isPodReady, isPodTerminal, isPodTerminating, podCondition } from '../pod-state.ts';
import { timeMs, timestamp } from '../timestamps.ts';

/** Whether a pod has a place among a Service's endpoints: it has an address and has not ended. */
export function hasEndpoint(pod: Pod, withTerminating: boolean): boolean {
  if (isPodTerminal(pod) || !pod.status.podIP) return false;
  return withTerminating || !isPodTerminating(pod);
}

/** Whether a pod's change can change endpoints. */
export function endpointChanged(now: Pod | undefined, before: Pod | undefined): boolean {
  if (now === undefined || before === undefined) return true;
  return (
    now.status.podIP !== before.status.podIP ||
    now.status.podIPs?.length !== before.status.podIPs?.length ||
    now.status.phase !== before.status.phase ||
    now.spec.nodeName !== before.spec.nodeName ||
    now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    isPodReady(now) !== isPodReady(before)
  );
}

/** The number a Service's port leads to in this pod; undefined when the pod has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  if (target === '') return port.port;
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP')) {
        return candidate.containerPort;
      }
    }
  }
  return undefined;
}

/** The ports of a Service as this pod serves them. */
export function podPorts(service: Service, pod: Pod): DiscoveryEndpointPort[] {
  const ports: DiscoveryEndpointPort[] = [];
  for (const port of service.spec.ports ?? []) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return ports;
}

export function addressesOf(pod: Pod, family: 'IPv4' | 'IPv6'): string[] {
  const all = pod.status.podIPs?.map((entry) => entry.ip ?? '') ?? [];
  const known = all.length > 0 ? all : [pod.status.podIP ?? ''];
  return known.filter((ip) => ip !== '' && ip.includes(':') === (family === 'IPv6')).slice(0, 1);
}

/** The name a pod has under a headless Service. */
export function endpointHostname(service: Service, pod: Pod): string | undefined {
  return pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined;
}

export function podEndpoint(service: Service, pod: Pod, family: 'IPv4' | 'IPv6', node: Node | undefined): Endpoint {
  const serving = isPodReady(pod);
  const terminating = isPodTerminating(pod);
  const ready = (service.spec.publishNotReadyAddresses ?? false) || (serving && !terminating);
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const hostname = endpointHostname(service, pod);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: addressesOf(pod, family),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
    ...(zone === undefined ? {} : { zone }),
  };
}

/** The newest moment at which a pod became ready, or the Service was made: what the endpoints changed for. */
export function triggerTime(service: Service, pods: readonly Pod[]): string {
  let newestMs = timeMs(service.metadata.creationTimestamp) || 0;
  for (const pod of pods) newestMs = Math.max(newestMs, timeMs(podCondition(pod, 'Ready')?.lastTransitionTime) || 0);
  return timestamp(newestMs);
}
