import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { PodAttachment } from '../network/index.ts';
import type { Sandbox, SandboxSpec } from '../runtime/index.ts';
import { hollowAddress } from './hollow.ts';
import { hostsFile, nodeHostsFile, podHostNames, resolverFile } from './host-files.ts';
import { podLimits } from './limits.ts';
import { podDirectory, type Scope } from './scope.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

/** Namespaces, address and cgroup could not be made. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}

export interface PreparedPod {
  /** Of the network, which may still be on its way. Rejects with SandboxError. */
  readonly address: Promise<string>;
}

/**
 * Makes what a pod's containers share: namespaces, volumes, the files in /etc. Resolves when containers can be made; they
 * may be started once the address is there too, which takes as long as making them. Idempotent.
 * @throws SandboxError, MountError
 */
export async function preparePod(scope: Scope, pod: Pod, volumes: PodVolumes): Promise<PreparedPod> {
  if (scope.hollow) {
    await scope.options.runtime.createSandbox(sandboxSpec(scope, pod));
    return { address: Promise.resolve(hollowAddress(scope, pod)) };
  }
  const etc = join(podDirectory(scope, pod.metadata.uid), 'etc');
  await mkdir(etc, { recursive: true, mode: 0o755 });
  // They are mounted before they are written: appending nothing makes them, and keeps what a pod found again has there.
  const files = Promise.all(['hosts', 'resolv.conf', 'hostname'].map((name) => appendFile(join(etc, name), '')));
  const [sandbox, volumesReady] = await Promise.allSettled([makeSandbox(scope, pod), volumes.setUp(), files]);
  if (sandbox.status === 'rejected') throw sandbox.reason;
  const address = attach(scope, pod, sandbox.value);
  // Whoever waits for it is told; nobody need wait.
  address.catch(() => {});
  if (volumesReady.status === 'rejected') throw volumesReady.reason;
  return { address };
}

async function makeSandbox(scope: Scope, pod: Pod): Promise<Sandbox> {
  try {
    return await scope.options.runtime.createSandbox(sandboxSpec(scope, pod));
  } catch (error) {
    throw new SandboxError(messageOf(error), { cause: error });
  }
}

async function attach(scope: Scope, pod: Pod, sandbox: Sandbox): Promise<string> {
  const { network, addresses } = scope.options;
  let address = addresses.internalIp;
  if (network && sandbox.networkNamespace) {
    try {
      ({ address } = await network.attachPod(attachment(pod, sandbox.networkNamespace)));
    } catch (error) {
      throw new SandboxError(messageOf(error), { cause: error });
    }
  }
  // A pod found again keeps its files: what it wrote into them is its own.
  if (pod.status?.podIP !== address) await writeHostFiles(scope, pod, address);
  return address;
}

function sandboxSpec(scope: Scope, pod: Pod): SandboxSpec {
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
