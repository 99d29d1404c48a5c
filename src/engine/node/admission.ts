import type { Pod } from '../kinds/index.ts';

/** Namespaced sysctls that harm no other pod (upstream's pkg/kubelet/sysctl/safe_sysctls.go). */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** Why this node will not run a pod that was bound to it; undefined when it will. */
export function rejection(pod: Pod): Rejection | undefined {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll('/', '.');
    if (!SAFE_SYSCTLS.has(dotted))
      return {
        reason: 'SysctlForbidden',
        message: `Pod was rejected: forbidden sysctl: ${JSON.stringify(name)} not allowlisted`,
      };
  }
  const os = pod.spec.os?.name;
  if (os && os !== 'linux') {
    return {
      reason: 'PodOSNotSupported',
      message: "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS",
    };
  }
  return undefined;
}
