import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, type Timer } from '../../base/index.ts';
import { kinds, type Lease, type Node, type NodeCondition, type NodeStatus, StatusError } from '../kinds/index.ts';
import { apiTime, type Scope } from './scope.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RENEW_EVERY_MS = 10_000;
const RETRY_MS = 200;
/** Names told of an image, and images told of a node (nodeStatusMaxImages). */
const IMAGE_NAMES_MAX = 5;
const IMAGES_MAX = 50;
const WRITE_TRIES_MAX = 5;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' };

/** The Node object and its lease. The lease's timer is the only one of an idle node. */
export class NodeStatusKeeper {
  readonly #scope: Scope;
  readonly #info: Promise<NodeInfo>;
  #timer: Timer | undefined;
  #lease: Lease | undefined;
  #stopped = false;
  #updating: Promise<void> | undefined;
  #updateAsked = false;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#info = readNodeInfo(scope);
  }

  /** Registers the node, Ready at once. Resolves when the API has it. */
  async start(): Promise<void> {
    await this.#register();
    this.#renew();
  }

  /** Something that the status shows has changed; writes are coalesced. */
  refresh(): void {
    this.#updateAsked = true;
    if (this.#updating || this.#stopped) return;
    this.#updating = (async () => {
      while (this.#updateAsked && !this.#stopped) {
        this.#updateAsked = false;
        await this.#writeStatus();
      }
    })()
      .catch((error: unknown) =>
        this.#scope.context.log.warn('writing the node status failed', { error: messageOf(error) }),
      )
      .finally(() => {
        this.#updating = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#updating;
  }

  async #register(): Promise<void> {
    const { name, labels = {} } = this.#scope.options;
    const { client } = this.#scope.context;
    const wanted = { ...wellKnownLabels(this.#scope), ...labels };
    try {
      const status = await this.#status(undefined);
      const node = await client.create(kinds.nodes, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name,
          labels: wanted,
          annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
        },
        spec: {},
        status,
      });
      if (!isReady(node)) await this.#writeStatus();
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 409)) throw error;
      const node = await client.get(kinds.nodes, undefined, name);
      const missing = Object.entries(wanted).some(([key, value]) => node.metadata.labels?.[key] !== value);
      if (missing)
        await client.patch(kinds.nodes, undefined, name, { type: 'merge', body: { metadata: { labels: wanted } } });
      await this.#writeStatus();
    }
  }

  async #writeStatus(): Promise<void> {
    const { client } = this.#scope.context;
    for (let tries = 1; ; tries++) {
      const node = await client.get(kinds.nodes, undefined, this.#scope.options.name);
      const status = await this.#status(node);
      if (
        isDeepStrictEqual({ ...status, conditions: undefined }, { ...node.status, conditions: undefined }) &&
        isReady(node)
      )
        return;
      try {
        await client.updateStatus(kinds.nodes, { ...node, status });
        return;
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 409) || tries >= WRITE_TRIES_MAX) throw error;
      }
    }
  }

  async #status(node: Node | undefined): Promise<NodeStatus> {
    const { options, hollow } = this.#scope;
    const { cpu, memoryBytes, pods, ephemeralStorageBytes } = options.capacity;
    const capacity = {
      cpu: Number.isInteger(cpu) ? String(cpu) : `${Math.round(cpu * 1000)}m`,
      memory: `${Math.floor(memoryBytes / 1024)}Ki`,
      pods: String(pods),
      'ephemeral-storage': `${Math.floor(ephemeralStorageBytes / 1024)}Ki`,
      'hugepages-1Gi': '0',
      'hugepages-2Mi': '0',
    };
    const images = hollow ? [] : await options.images.list().catch(() => []);
    const now = apiTime(this.#scope.context.clock.now());
    return {
      ...node?.status,
      capacity: { ...node?.status?.capacity, ...capacity },
      allocatable: { ...node?.status?.allocatable, ...capacity },
      conditions: conditions(node?.status?.conditions ?? [], now),
      addresses: [
        { type: 'InternalIP', address: options.addresses.internalIp },
        { type: 'Hostname', address: options.addresses.hostname },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: await this.#info,
      images: [...images]
        .sort((one, other) => other.sizeBytes - one.sizeBytes)
        .slice(0, IMAGES_MAX)
        .map(({ names, sizeBytes }) => ({ names: names.slice(0, IMAGE_NAMES_MAX), sizeBytes })),
      runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
    };
  }

  #renew(): void {
    if (this.#stopped) return;
    this.#writeLease().then(
      () => this.#renewAfter(RENEW_EVERY_MS),
      (error: unknown) => {
        this.#lease = undefined;
        // Its namespace is made by a controller and may come later than the node.
        if (!(error instanceof StatusError && (error.code === 404 || error.code === 409)))
          this.#scope.context.log.warn('renewing the node lease failed', { error: messageOf(error) });
        this.#renewAfter(RETRY_MS);
      },
    );
  }

  #renewAfter(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#scope.context.clock.after(delayMs, () => this.#renew());
  }

  async #writeLease(): Promise<void> {
    const { client, clock } = this.#scope.context;
    const { name } = this.#scope.options;
    const renewTime = `${new Date(clock.now()).toISOString().slice(0, 23)}000Z`;
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    if (this.#lease) {
      this.#lease = await client.update(kinds.leases, { ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
      return;
    }
    try {
      const owner = await client.get(kinds.nodes, undefined, name);
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: owner.metadata.uid }];
      this.#lease = await client.create(kinds.leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences },
        spec,
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 409)) throw error;
      const found = await client.get(kinds.leases, LEASE_NAMESPACE, name);
      this.#lease = await client.update(kinds.leases, { ...found, spec: { ...found.spec, ...spec } });
    }
  }
}

type NodeInfo = NonNullable<NodeStatus['nodeInfo']>;

function isReady(node: Node): boolean {
  return (node.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function wellKnownLabels(scope: Scope): Record<string, string> {
  const architecture = ARCHITECTURES[arch()] ?? arch();
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': scope.options.addresses.hostname,
    'kubernetes.io/os': 'linux',
  };
}

function conditions(before: readonly NodeCondition[], now: string): NodeCondition[] {
  const wanted: [type: string, status: string, reason: string, message: string][] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ];
  const own = wanted.map(([type, status, reason, message]) => {
    const old = before.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: (old?.status === status ? old.lastTransitionTime : undefined) ?? now,
    };
  });
  return [...own, ...before.filter(({ type }) => !wanted.some(([name]) => name === type))];
}

async function readNodeInfo(scope: Scope): Promise<NodeInfo> {
  const read = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim();
  const [machineID, bootID, systemUUID, osRelease] = await Promise.all([
    read('/etc/machine-id'),
    read('/proc/sys/kernel/random/boot_id'),
    read('/sys/class/dmi/id/product_uuid'),
    read('/etc/os-release'),
  ]);
  const version = scope.options.kubernetesVersion;
  return {
    architecture: ARCHITECTURES[arch()] ?? arch(),
    bootID,
    containerRuntimeVersion: `wherry://${version.replace(/^v/, '')}`,
    kernelVersion: release(),
    kubeProxyVersion: '',
    kubeletVersion: version,
    machineID,
    operatingSystem: 'linux',
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    systemUUID: systemUUID || machineID,
  };
}
