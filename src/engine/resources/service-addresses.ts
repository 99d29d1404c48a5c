import { internalError, invalid, type KubeObject, kinds, type Service, type ServicePort } from '../kinds/index.ts';
import type { Store } from '../store/index.ts';
import { type Allocation, prefixOf, type ResourceSettings } from './context.ts';
import type { Mutable } from './object.ts';

const NONE = 'None';

/**
 * The addresses and node ports of Services.
 * Invariant: everything that a Service in the store has is taken; so is what a write under way was given.
 */
export class ServiceAddresses implements Allocation {
  readonly #settings: ResourceSettings;
  readonly #first: number;
  readonly #count: number;
  readonly #addresses = new Map<string, string>();
  readonly #ports = new Map<number, string>();

  constructor(store: Store, settings: ResourceSettings) {
    this.#settings = settings;
    const [base = '', bits = '32'] = settings.serviceRange.split('/');
    // The network's own address and the broadcast address are no one's.
    this.#first = toNumber(base) + 1;
    this.#count = 2 ** (32 - Number(bits)) - 2;
    const prefix = prefixOf(kinds.services, undefined);
    for (const entry of store.list(prefix).entries) this.#take(entry.value as unknown as Service);
    store.watch({
      prefix,
      onEvents: (events) => {
        for (const event of events) {
          if (!event.previous) continue;
          const now = event.type === 'deleted' ? undefined : (event.entry.value as Service);
          this.#release(event.previous.value as Service, now);
        }
      },
    });
  }

  allocate(object: Mutable, old: KubeObject | undefined, dryRun: boolean): () => void {
    const service = object as unknown as Service;
    const before = old as unknown as Service | undefined;
    const owner = ownerOf(service);
    const undo: (() => void)[] = [];
    const giveBack = () => {
      for (const one of undo) one();
    };
    try {
      this.#families(service);
      this.#address(service, before, owner, undo);
      this.#nodePorts(service, before, owner, undo);
    } catch (error) {
      giveBack();
      throw error;
    }
    if (!dryRun) return giveBack;
    giveBack();
    return () => {};
  }

  #families(service: Service): void {
    const { spec } = service;
    if (spec.type === 'ExternalName') return;
    if (spec.clusterIPs?.[0] && !spec.clusterIP) spec.clusterIP = spec.clusterIPs[0];
    if (spec.clusterIP === NONE && Object.keys(spec.selector ?? {}).length === 0) {
      // Whoever writes the endpoints of a headless Service without selector may use either family.
      spec.ipFamilyPolicy ??= 'RequireDualStack';
      spec.ipFamilies ??= spec.ipFamilyPolicy === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
      return;
    }
    if (spec.ipFamilyPolicy === 'RequireDualStack') {
      throw refuse(
        service,
        'spec.ipFamilyPolicy',
        'RequireDualStack',
        'Cluster is not configured for dual-stack services',
      );
    }
    if (spec.ipFamilies?.[0] === 'IPv6') {
      throw refuse(service, 'spec.ipFamilies[0]', 'IPv6', 'not configured on this cluster');
    }
    spec.ipFamilyPolicy ??= 'SingleStack';
    if (!spec.ipFamilies || spec.ipFamilies.length === 0) spec.ipFamilies = ['IPv4'];
  }

  #address(service: Service, before: Service | undefined, owner: string, undo: (() => void)[]): void {
    const { spec } = service;
    if (spec.type === 'ExternalName') return;
    const wanted = spec.clusterIP ?? '';
    if (wanted === NONE) {
      spec.clusterIPs = [NONE];
      return;
    }
    if (wanted && wanted === before?.spec.clusterIP) return;
    if (wanted === '') spec.clusterIP = this.#freeAddress();
    else this.#checkAddress(service, wanted);
    const address = spec.clusterIP ?? '';
    spec.clusterIPs = [address];
    if (!toNumber(address)) return;
    this.#addresses.set(address, owner);
    undo.push(() => this.#addresses.delete(address));
  }

  #checkAddress(service: Service, address: string): void {
    const number = toNumber(address);
    // What is no address at all is for validation to tell.
    if (!number) return;
    const fault = (why: string) =>
      refuse(service, 'spec.clusterIPs', [address], `failed to allocate IP ${address}: ${why}`);
    if (number < this.#first || number >= this.#first + this.#count) {
      throw fault(`provided IP is not in the valid range. The range of valid IPs is ${this.#settings.serviceRange}`);
    }
    if (this.#addresses.has(address)) throw fault('provided IP is already allocated');
  }

  /** A free one at random from the upper part: the lower is kept for those that are asked for by number, as long as there are others. */
  #freeAddress(): string {
    const kept = Math.min(Math.max(16, Math.floor(this.#count / 16)), 256, this.#count);
    const search = (from: number, count: number) => {
      const start = Math.floor(Math.random() * count);
      for (let step = 0; step < count; step++) {
        const address = toText(this.#first + from + ((start + step) % count));
        if (!this.#addresses.has(address)) return address;
      }
      return undefined;
    };
    const free = search(kept, this.#count - kept) ?? search(0, kept);
    if (!free) throw internalError('failed to allocate a serviceIP: range is full');
    return free;
  }

  #nodePorts(service: Service, before: Service | undefined, owner: string, undo: (() => void)[]): void {
    const { spec } = service;
    const had = new Set(before ? portsOf(before) : []);
    const own = new Map<number, ServicePort[]>();
    const reserve = (port: number) => {
      this.#ports.set(port, owner);
      undo.push(() => this.#ports.delete(port));
    };
    const claim = (path: string, port: number) => {
      const [low, high] = this.#settings.nodePortRange;
      if (port < low || port > high) {
        throw refuse(
          service,
          path,
          port,
          `provided port is not in the valid range. The range of valid ports is ${low}-${high}`,
        );
      }
      if (this.#ports.has(port)) throw refuse(service, path, port, 'provided port is already allocated');
      reserve(port);
    };
    const wantsPorts =
      spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
      for (const [at, port] of (spec.ports ?? []).entries()) {
        if (!port.nodePort) continue;
        const sharing = own.get(port.nodePort);
        if (!sharing && !had.has(port.nodePort)) claim(`spec.ports[${at}].nodePort`, port.nodePort);
        own.set(port.nodePort, [...(sharing ?? []), port]);
      }
    }
    if (wantsPorts) {
      for (const port of spec.ports ?? []) {
        if (port.nodePort) continue;
        // The same port in another protocol (DNS) gets the same number.
        const twin = spec.ports?.find(
          (one) => one.nodePort && one.port === port.port && one.protocol !== port.protocol,
        );
        const number = twin?.nodePort ?? this.#freePort();
        port.nodePort = number;
        if (!twin) reserve(number);
      }
    }
    if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') {
      if (spec.healthCheckNodePort && spec.healthCheckNodePort === before?.spec.healthCheckNodePort) return;
      if (spec.healthCheckNodePort) claim('spec.healthCheckNodePort', spec.healthCheckNodePort);
      else {
        spec.healthCheckNodePort = this.#freePort();
        reserve(spec.healthCheckNodePort);
      }
    }
  }

  #freePort(): number {
    const [low, high] = this.#settings.nodePortRange;
    const count = high - low + 1;
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step++) {
      const port = low + ((start + step) % count);
      if (!this.#ports.has(port)) return port;
    }
    throw internalError('failed to allocate a nodePort: range is full');
  }

  #take(service: Service): void {
    const owner = ownerOf(service);
    const address = service.spec.clusterIP;
    if (address && address !== NONE) this.#addresses.set(address, owner);
    for (const port of portsOf(service)) this.#ports.set(port, owner);
  }

  /** Gives back what the Service had and has no more. */
  #release(before: Service, now: Service | undefined): void {
    const address = before.spec.clusterIP;
    if (address && address !== now?.spec.clusterIP) this.#addresses.delete(address);
    const kept = new Set(now ? portsOf(now) : []);
    for (const port of portsOf(before)) if (!kept.has(port)) this.#ports.delete(port);
  }
}

const ownerOf = (service: Service) => `${service.metadata.namespace ?? ''}/${service.metadata.name}`;

function portsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).map((port) => port.nodePort ?? 0);
  return [...ports, spec.healthCheckNodePort ?? 0].filter((port) => port > 0);
}

function refuse(service: Service, path: string, value: unknown, detail: string) {
  return invalid({ group: '', kind: 'Service' }, service.metadata.name, [{ path, type: 'Invalid', value, detail }]);
}

/** An IPv4 address as a number; 0 for what is none. */
function toNumber(address: string): number {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return 0;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
