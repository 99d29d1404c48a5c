import type { Pod } from '../../kinds/index.ts';
import { type Filter, refuse } from '../filter.ts';

interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

const known = new WeakMap<Pod, readonly HostPort[]>();

function hostPorts(pod: Pod): readonly HostPort[] {
  let ports = known.get(pod);
  if (ports === undefined) {
    const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
    ports = [...pod.spec.containers, ...sidecars].flatMap((container) =>
      (container.ports ?? [])
        .filter((port) => (port.hostPort ?? 0) > 0)
        .map((port) => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort ?? 0 })),
    );
    known.set(pod, ports);
  }
  return ports;
}

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');

/** Host ports are had once a node, address and protocol. */
export const ports: Filter = {
  name: 'NodePorts',
  relief: ['node', 'podGone'],
  prepare(pod) {
    const wanted = hostPorts(pod);
    if (wanted.length === 0) return undefined;
    return ({ pods }) => {
      for (const other of pods.values()) {
        if (hostPorts(other).some((taken) => wanted.some((port) => clash(port, taken)))) {
          return refuse("node(s) didn't have free ports for the requested pod ports");
        }
      }
      return undefined;
    };
  },
};
