import { invalid, kinds, type Service, type ServicePort } from '../kinds/index.ts';

export interface ServiceAllocatorOptions {
  /** `10.96.0.0/16` */
  readonly serviceRange: string;
  readonly nodePortRange: readonly [number, number];
}

/** What one service holds; given back when the write fails or the service goes. */
interface Held {
  readonly addresses: string[];
  /** `TCP/30080` */
  readonly ports: string[];
}

/**
 * Hands out cluster addresses and node ports. Lives in memory; `load` rebuilds it from the services that exist.
 * Invariant: an address, and a node port of one protocol, is held by one service at a time.
 */
export class ServiceAllocator {
  readonly #range: string;
  readonly #first: number;
  readonly #size: number;
  readonly #ports: readonly [number, number];
  readonly #addresses = new Set<string>();
  readonly #nodePorts = new Set<string>();

  constructor(options: ServiceAllocatorOptions) {
    const [base = '', prefix = ''] = options.serviceRange.split('/');
    this.#range = options.serviceRange;
    this.#size = 2 ** (32 - Number(prefix));
    this.#first = numberOf(base);
    this.#ports = options.nodePortRange;
  }

  load(services: Iterable<Service>): void {
    for (const service of services) this.#take(heldBy(service));
  }

  /**
   * Fills in the addresses and ports of a service that is created (no `old`) or updated; writes to `service`. Call the
   * answer's `undo` when the write fails, its `commit` when it is done (releases what the old one had and the new one not).
   * @throws StatusError 422 when what it asks for is taken or out of range.
   */
  allocate(service: Service, old?: Service): { undo(): void; commit(): void } {
    const before = old ? heldBy(old) : { addresses: [], ports: [] };
    const fresh: Held = { addresses: [], ports: [] };
    const undo = () => this.#release(fresh);
    try {
      this.#allocateAddress(service, old, before, fresh);
      this.#allocatePorts(service, old, before, fresh);
    } catch (error) {
      undo();
      throw error;
    }
    const after = heldBy(service);
    return {
      undo,
      commit: () =>
        this.#release({
          addresses: before.addresses.filter((address) => !after.addresses.includes(address)),
          ports: before.ports.filter((port) => !after.ports.includes(port)),
        }),
    };
  }

  release(service: Service): void {
    this.#release(heldBy(service));
  }

  #allocateAddress(service: Service, old: Service | undefined, before: Held, fresh: Held): void {
    const { spec } = service;
    if (spec.type === 'ExternalName') {
      for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'] as const)
        delete spec[field];
      return;
    }
    spec.ipFamilyPolicy ??= 'SingleStack';
    spec.ipFamilies ??= ['IPv4'];
    const given =
      spec.clusterIP || spec.clusterIPs?.[0] || (old?.spec.type !== 'ExternalName' ? old?.spec.clusterIP : undefined);
    if (given === 'None') {
      spec.clusterIP = 'None';
      spec.clusterIPs = ['None'];
      return;
    }
    const address = given || this.#freeAddress(service);
    if (given && !before.addresses.includes(given)) this.#refuseAddress(service, given);
    if (!before.addresses.includes(address)) {
      this.#addresses.add(address);
      fresh.addresses.push(address);
    }
    spec.clusterIP = address;
    spec.clusterIPs = [address];
  }

  #refuseAddress(service: Service, address: string): void {
    const offset = numberOf(address) - this.#first;
    const why = !(offset > 0 && offset < this.#size - 1)
      ? `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#range}`
      : this.#addresses.has(address)
        ? 'provided IP is already allocated'
        : undefined;
    if (!why) return;
    throw invalid(kinds.services, service.metadata.name, [
      {
        path: 'spec.clusterIPs',
        type: 'Invalid',
        value: [address],
        detail: `failed to allocate IP ${address}: ${why}`,
      },
    ]);
  }

  /** Fixed addresses are usually picked from the low band, so unasked ones come from above it (KEP-3070). */
  #freeAddress(service: Service): string {
    const band = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256);
    for (const [from, to] of [
      [band, this.#size - 1],
      [1, band],
    ] as const) {
      const start = from + Math.floor(Math.random() * (to - from));
      for (let step = 0; step < to - from; step++) {
        const address = addressOf(this.#first + from + ((start - from + step) % (to - from)));
        if (!this.#addresses.has(address)) return address;
      }
    }
    throw invalid(kinds.services, service.metadata.name, [
      { path: 'spec.clusterIPs', type: 'Invalid', value: [], detail: 'failed to allocate a serviceIP: range is full' },
    ]);
  }

  #allocatePorts(service: Service, old: Service | undefined, before: Held, fresh: Held): void {
    const { spec } = service;
    const wants =
      spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
    const ports = spec.ports ?? [];
    if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') {
      // What a former type had is not carried on, unless the update names it anew (then validation refuses it).
      for (const port of ports) if (port.nodePort !== undefined && hadPort(old, port)) delete port.nodePort;
      delete spec.healthCheckNodePort;
      return;
    }
    const take = (protocol: string, number: number) => {
      const key = `${protocol}/${number}`;
      if (before.ports.includes(key) || fresh.ports.includes(key)) return;
      this.#nodePorts.add(key);
      fresh.ports.push(key);
    };
    ports.forEach((port, index) => {
      if (!port.nodePort) return;
      this.#refusePort(service, `spec.ports[${index}].nodePort`, port.protocol ?? 'TCP', port.nodePort, before, fresh);
      take(port.protocol ?? 'TCP', port.nodePort);
    });
    for (const port of wants ? ports : []) {
      if (port.nodePort) continue;
      const kept = old?.spec.ports?.find(
        (one) => one.port === port.port && (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
      )?.nodePort;
      // One number for the same port over several protocols, as a DNS server has.
      const twin = ports.find(
        (one) => one.nodePort && one.port === port.port && one.protocol !== port.protocol,
      )?.nodePort;
      port.nodePort =
        kept ?? (twin && !this.#nodePorts.has(`${port.protocol ?? 'TCP'}/${twin}`) ? twin : this.#freePort(service));
      take(port.protocol ?? 'TCP', port.nodePort);
    }
    if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') {
      spec.healthCheckNodePort = spec.healthCheckNodePort || old?.spec.healthCheckNodePort || this.#freePort(service);
      take('TCP', spec.healthCheckNodePort);
    } else delete spec.healthCheckNodePort;
  }

  #refusePort(service: Service, path: string, protocol: string, number: number, before: Held, fresh: Held): void {
    const [first, last] = this.#ports;
    const key = `${protocol}/${number}`;
    if (before.ports.includes(key)) return;
    const why =
      number < first || number > last
        ? `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
        : this.#nodePorts.has(key) || fresh.ports.includes(key)
          ? 'provided port is already allocated'
          : undefined;
    if (why)
      throw invalid(kinds.services, service.metadata.name, [{ path, type: 'Invalid', value: number, detail: why }]);
  }

  #freePort(service: Service): number {
    const [first, last] = this.#ports;
    const count = last - first + 1;
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step++) {
      const number = first + ((start + step) % count);
      if (!['TCP', 'UDP', 'SCTP'].some((protocol) => this.#nodePorts.has(`${protocol}/${number}`))) return number;
    }
    throw invalid(kinds.services, service.metadata.name, [
      { path: 'spec.ports', type: 'Invalid', value: [], detail: 'failed to allocate a nodePort: range is full' },
    ]);
  }

  #take({ addresses, ports }: Held): void {
    for (const address of addresses) this.#addresses.add(address);
    for (const port of ports) this.#nodePorts.add(port);
  }

  #release({ addresses, ports }: Held): void {
    for (const address of addresses) this.#addresses.delete(address);
    for (const port of ports) this.#nodePorts.delete(port);
  }
}

function heldBy({ spec }: Service): Held {
  const addresses = (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])).filter(
    (address) => address !== 'None' && address !== '',
  );
  const ports = (spec.ports ?? []).flatMap(({ nodePort, protocol }) =>
    nodePort ? [`${protocol ?? 'TCP'}/${nodePort}`] : [],
  );
  return { addresses, ports: spec.healthCheckNodePort ? [...ports, `TCP/${spec.healthCheckNodePort}`] : ports };
}

function hadPort(old: Service | undefined, port: ServicePort): boolean {
  return old?.spec.ports?.some(({ nodePort }) => nodePort === port.nodePort) ?? false;
}

function numberOf(address: string): number {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return Number.NaN;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
