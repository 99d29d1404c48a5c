import { type Container, forbidden, kinds, type Pod, type PodSpec } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';

type Level = 'privileged' | 'baseline' | 'restricted';
const LABEL = 'pod-security.kubernetes.io';
const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);
const RESTRICTED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** The Pod Security Standards as namespaces ask for them by label (upstream's PodSecurity plugin). */
export function podSecurity(): Admission {
  return {
    name: 'PodSecurity',
    validate({ operation, target, object, read, warnings }) {
      if (target.info.group !== '' || target.info.resource !== 'pods' || !object) return;
      if (target.subresource && target.subresource !== 'ephemeralcontainers') return;
      if (operation === 'DELETE' || (operation === 'UPDATE' && !target.subresource)) return;
      const labels = read(kinds.namespaces, undefined, target.namespace ?? '')?.metadata.labels ?? {};
      warnings.push(...podSecurityWarnings((object as Pod).spec, labels));
      const level = levelOf(labels[`${LABEL}/enforce`]);
      if (level === 'privileged') return;
      const faults = violations((object as Pod).spec, level);
      if (faults.length === 0) return;
      const version = labels[`${LABEL}/enforce-version`] ?? 'latest';
      throw forbidden(
        kinds.pods,
        object.metadata.name,
        `violates PodSecurity "${level}:${version}": ${faults.join(', ')}`,
      );
    },
  };
}

/** Warnings for a namespace that asks for them, in upstream's words. */
function podSecurityWarnings(spec: PodSpec, labels: Readonly<Record<string, string>>): string[] {
  const level = levelOf(labels[`${LABEL}/warn`]);
  const faults = level === 'privileged' ? [] : violations(spec, level);
  if (faults.length === 0) return [];
  return [`would violate PodSecurity "${level}:${labels[`${LABEL}/warn-version`] ?? 'latest'}": ${faults.join(', ')}`];
}

function levelOf(text: string | undefined): Level {
  return text === 'baseline' || text === 'restricted'
    ? text
    : text === undefined || text === 'privileged'
      ? 'privileged'
      : 'restricted';
}

function violations(spec: PodSpec, level: Exclude<Level, 'privileged'>): string[] {
  const containers: Container[] = [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...((spec.ephemeralContainers ?? []) as Container[]),
  ];
  return [...baseline(spec, containers), ...(level === 'restricted' ? restricted(spec, containers) : [])];
}

const names = (containers: readonly { name: string }[]) =>
  `${containers.length === 1 ? 'container' : 'containers'} ${containers.map(({ name }) => `"${name}"`).join(', ')}`;

function baseline(spec: PodSpec, containers: readonly Container[]): string[] {
  const faults: string[] = [];
  const host = [
    spec.hostNetwork && 'hostNetwork=true',
    spec.hostPID && 'hostPID=true',
    spec.hostIPC && 'hostIPC=true',
  ].filter((one) => one);
  if (host.length > 0) faults.push(`host namespaces (${host.join(', ')})`);
  const privileged = containers.filter(({ securityContext }) => securityContext?.privileged);
  if (privileged.length > 0)
    faults.push(`privileged (${names(privileged)} must not set securityContext.privileged=true)`);
  const adding = containers.filter(({ securityContext }) =>
    securityContext?.capabilities?.add?.some((name) => !BASELINE_CAPABILITIES.has(name)),
  );
  if (adding.length > 0) {
    const added = [
      ...new Set(
        adding
          .flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
          .filter((name) => !BASELINE_CAPABILITIES.has(name)),
      ),
    ].sort();
    faults.push(
      `non-default capabilities (${names(adding)} must not include ${added.map((name) => `"${name}"`).join(', ')} in securityContext.capabilities.add)`,
    );
  }
  const hostPaths = (spec.volumes ?? []).filter(({ hostPath }) => hostPath);
  if (hostPaths.length > 0)
    faults.push(
      `hostPath volumes (${hostPaths.length === 1 ? 'volume' : 'volumes'} ${hostPaths.map(({ name }) => `"${name}"`).join(', ')})`,
    );
  const hostPorts = containers.filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
  if (hostPorts.length > 0) {
    const used = hostPorts.flatMap(({ ports }) => ports?.flatMap(({ hostPort }) => hostPort ?? []) ?? []);
    faults.push(
      `hostPort (${names(hostPorts)} ${used.length === 1 ? 'uses hostPort' : 'use hostPorts'} ${used.join(', ')})`,
    );
  }
  const unmasked = containers.filter(
    ({ securityContext }) => securityContext?.procMount && securityContext.procMount !== 'Default',
  );
  if (unmasked.length > 0)
    faults.push(`procMount (${names(unmasked)} must not set securityContext.procMount to "Unmasked")`);
  const unconfined = containers.filter(({ securityContext }) => securityContext?.seccompProfile?.type === 'Unconfined');
  if (spec.securityContext?.seccompProfile?.type === 'Unconfined')
    faults.push('seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")');
  else if (unconfined.length > 0)
    faults.push(
      `seccompProfile (${names(unconfined)} must not set securityContext.seccompProfile.type to "Unconfined")`,
    );
  const sysctls = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !SAFE_SYSCTLS.has(name));
  if (sysctls.length > 0) faults.push(`forbidden sysctls (${sysctls.map(({ name }) => name).join(', ')})`);
  return faults;
}

function restricted(spec: PodSpec, containers: readonly Container[]): string[] {
  const faults: string[] = [];
  const escalating = containers.filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (escalating.length > 0)
    faults.push(
      `allowPrivilegeEscalation != false (${names(escalating)} must set securityContext.allowPrivilegeEscalation=false)`,
    );
  const keeping = containers.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  if (keeping.length > 0)
    faults.push(`unrestricted capabilities (${names(keeping)} must set securityContext.capabilities.drop=["ALL"])`);
  const adding = containers.filter(({ securityContext }) =>
    securityContext?.capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE'),
  );
  if (adding.length > 0)
    faults.push(
      `unrestricted capabilities (${names(adding)} must not include more than "NET_BIND_SERVICE" in securityContext.capabilities.add)`,
    );
  const volumes = (spec.volumes ?? []).filter(
    (volume) => !Object.keys(volume).some((key) => RESTRICTED_VOLUMES.includes(key)),
  );
  if (volumes.length > 0) {
    const types = [...new Set(volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name')))];
    faults.push(
      `restricted volume types (${volumes.length === 1 ? 'volume' : 'volumes'} ${volumes.map(({ name }) => `"${name}"`).join(', ')} ${volumes.length === 1 ? 'uses restricted volume type' : 'use restricted volume types'} ${types.map((type) => `"${type}"`).join(', ')})`,
    );
  }
  const podNonRoot = spec.securityContext?.runAsNonRoot === true;
  const asRoot = containers.filter(
    ({ securityContext }) =>
      securityContext?.runAsNonRoot === false || (!podNonRoot && securityContext?.runAsNonRoot !== true),
  );
  if (asRoot.length > 0)
    faults.push(`runAsNonRoot != true (pod or ${names(asRoot)} must set securityContext.runAsNonRoot=true)`);
  if (spec.securityContext?.runAsUser === 0) faults.push('runAsUser=0 (pod must not set runAsUser=0)');
  const zero = containers.filter(({ securityContext }) => securityContext?.runAsUser === 0);
  if (zero.length > 0) faults.push(`runAsUser=0 (${names(zero)} must not set runAsUser=0)`);
  const podSeccomp = ['RuntimeDefault', 'Localhost'].includes(spec.securityContext?.seccompProfile?.type ?? '');
  const open = containers.filter(({ securityContext }) => !securityContext?.seccompProfile && !podSeccomp);
  if (open.length > 0)
    faults.push(
      `seccompProfile (pod or ${names(open)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    );
  return faults;
}
