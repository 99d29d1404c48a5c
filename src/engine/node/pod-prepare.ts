import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../kinds/index.ts';
import type { PodAttachment } from '../network/index.ts';
import { hollowAddress } from './hollow.ts';
import { hostsFile, nodeHostsFile, podHostNames, resolverFile } from './host-files.ts';
import { podLimits } from './limits.ts';
import { podDirectory, type Scope } from './scope.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

/** Namespaces, address and cgroup could not be made. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}

/**
 * Makes what a pod's containers share: namespaces with an address, volumes, the files in /etc. Idempotent. Answers the
 * pod's address. @throws SandboxError, MountError
 */
export async function preparePod(scope: Scope, pod: Pod, volumes: PodVolumes): Promise<string> {
  if (scope.hollow) {
    await scope.options.runtime.createSandbox(sandboxSpec(scope, pod));
    return hollowAddress(scope, pod);
  }
  // Made first and without waiting: the volumes lie below it.
  await mkdir(join(podDirectory(scope, pod.metadata.uid), 'etc'), { recursive: true, mode: 0o755 });
  const outcomes = await Promise.allSettled([attachedSandbox(scope, pod), volumes.setUp()]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  const [sandbox] = outcomes;
  const address = sandbox.status === 'fulfilled' ? sandbox.value : '';
  // A pod found again keeps its files: what it wrote into them is its own.
  if (pod.status?.podIP !== address) await writeHostFiles(scope, pod, address);
  return address;
}

async function attachedSandbox(scope: Scope, pod: Pod): Promise<string> {
  const { runtime, network, addresses } = scope.options;
  try {
    const sandbox = await runtime.createSandbox(sandboxSpec(scope, pod));
    if (!network || !sandbox.networkNamespace) return addresses.internalIp;
    const { address } = await network.attachPod(attachment(pod, sandbox.networkNamespace));
    return address;
  } catch (error) {
    throw new SandboxError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function sandboxSpec(scope: Scope, pod: Pod) {
  const { spec } = pod;
  return {
    id: pod.metadata.uid,
    hostname: podHostNames(pod, scope.options.clusterDomain, scope.options.addresses.hostname).hostname,
    hostNetwork: spec.hostNetwork ?? false,
    hostPid: spec.hostPID ?? false,
    hostIpc: spec.hostIPC ?? false,
    sharedPid: spec.shareProcessNamespace ?? false,
    sysctls: Object.fromEntries(
      (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name.replaceAll('/', '.'), value]),
    ),
    limits: podLimits(pod),
  };
}

function attachment(pod: Pod, networkNamespace: string): PodAttachment {
  const ports = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ ports = [] }) => ports);
  const wanted = pod.status?.podIP;
  return {
    podId: pod.metadata.uid,
    networkNamespace,
    hostPorts: ports.flatMap(({ hostPort, containerPort, protocol, hostIP }) =>
      hostPort
        ? [{ hostPort, containerPort, protocol: protocolOf(protocol), ...(hostIP ? { hostIp: hostIP } : {}) }]
        : [],
    ),
    ...(wanted ? { wantedAddress: wanted } : {}),
  };
}

function protocolOf(protocol = 'TCP'): 'TCP' | 'UDP' | 'SCTP' {
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

async function writeHostFiles(scope: Scope, pod: Pod, address: string): Promise<void> {
  const { clusterDns, clusterDomain, addresses } = scope.options;
  const directory = join(podDirectory(scope, pod.metadata.uid), 'etc');
  const names = podHostNames(pod, clusterDomain, addresses.hostname);
  const [hosts, resolver] = await Promise.all([
    pod.spec.hostNetwork ? nodeHostsFile(pod) : hostsFile(pod, address, names),
    resolverFile(pod, clusterDns, clusterDomain),
  ]);
  await Promise.all([
    writeFile(join(directory, 'hosts'), hosts),
    writeFile(join(directory, 'resolv.conf'), resolver),
    writeFile(join(directory, 'hostname'), `${names.hostname}\n`),
  ]);
}
