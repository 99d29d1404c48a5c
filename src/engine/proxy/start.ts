import { messageOf, type Timer } from '../../base/index.ts';
import type { LoopContext, Running } from '../client/index.ts';
import { type EndpointSlice, kinds, type Service } from '../kinds/index.ts';
import type { Network, ServicePortRule } from '../network/index.ts';
import { type ClaimFault, DoorKeeper } from './door-keeper.ts';
import { type IngressSources, type IngressWorld, ingressState, isServed } from './ingress-state.ts';
import { NamesIndex } from './names-index.ts';
import { SERVICE_NAME_LABEL } from './service-endpoints.ts';
import { namesOf } from './service-names.ts';
import { rulesOf } from './service-rules.ts';
import { startIngressStatuses, startServiceStatuses } from './statuses.ts';

export interface ProxyOptions {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly clusterDomain: string;
  /** Where LoadBalancer services, node ports and the ingress are reached on the host: `127.0.0.1`. */
  readonly loadBalancerAddress: string;
  /** The ingress server's ports on the host; none: it has no doors. */
  readonly ingressDoors?: { readonly http: number; readonly https: number };
  /** The IngressClass that this cluster serves; `wherry` when not given. */
  readonly ingressClassName?: string;
  /** Told of each door that could not be opened, once. */
  readonly onDoorFault?: (fault: ClaimFault) => void;
}

/** While changes come thick, additions wait this long for company; what takes an endpoint away never waits. */
const GATHER_MS = 20;
const RETRY_MS = 1000;

/**
 * Tells the network what services, endpoints and ingresses say, and says in their status where they are reached. Reads
 * whole objects, never events: a change marks a service, the next pass makes its rules and names anew.
 */
export function startProxy(context: LoopContext, network: Network, options: ProxyOptions): Running {
  const proxy = new ServiceProxy(context, network, options);
  return { stop: () => proxy.stop() };
}

class ServiceProxy {
  readonly #context: LoopContext;
  readonly #network: Network;
  readonly #options: ProxyOptions;
  readonly #world: IngressWorld;
  readonly #rules = new Map<string, readonly ServicePortRule[]>();
  readonly #names = new NamesIndex();
  readonly #doors: DoorKeeper;
  readonly #serviceStatuses;
  readonly #ingressStatuses;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #dirty = new Set<string>();
  #ingressDirty = true;
  #doorsDirty = true;
  #sources: IngressSources = { services: new Set(), secrets: new Set() };
  #isReady = false;
  /** The first pass writes in any case (it clears what an earlier engine left), and so does one after a failure. */
  #mustWrite = true;
  #stopped = false;
  #planned: Timer | NodeJS.Immediate | undefined;
  #isUrgent = false;
  #lastPassMs = Number.NEGATIVE_INFINITY;

  constructor(context: LoopContext, network: Network, options: ProxyOptions) {
    this.#context = { ...context, log: context.log.child({ part: 'proxy' }) };
    this.#network = network;
    this.#options = options;
    const { informers } = context;
    const services = informers.of(kinds.services);
    const slices = informers.of(kinds.endpointslices);
    const secrets = informers.of(kinds.secrets);
    const classes = informers.of(kinds.ingressclasses);
    const ingresses = informers.of(kinds.ingresses);
    slices.addIndex(SERVICE_NAME_LABEL, (slice) => {
      const service = serviceOf(slice);
      return service === undefined ? [] : [service];
    });
    this.#world = {
      className: options.ingressClassName ?? 'wherry',
      classOf: (name) => classes.get(undefined, name),
      service: (namespace, name) => services.get(namespace, name),
      slices: (namespace, name) => slices.byIndex(SERVICE_NAME_LABEL, `${namespace}/${name}`),
      secret: (namespace, name) => secrets.get(namespace, name),
    };
    this.#doors = new DoorKeeper({
      network,
      settings: { ...options, ingressDoors: options.ingressDoors },
      recorder: context.recorder('service-controller'),
      clock: context.clock,
      log: this.#context.log,
      onFault: options.onDoorFault,
      onSettled: () => this.#statusesChanged(),
    });
    const statusRules = {
      address: options.loadBalancerAddress,
      ingressPorts: Object.values(options.ingressDoors ?? {}),
      isOpen: (service: string) => this.#doors.isBalanced(service),
      isServed: (ingress: Parameters<typeof isServed>[0]) => isServed(ingress, this.#world),
    };
    this.#serviceStatuses = startServiceStatuses(this.#context, statusRules);
    this.#ingressStatuses = startIngressStatuses(this.#context, statusRules);

    this.#unsubscribe.push(
      services.onChange((now, before) => {
        const object = now ?? before;
        if (object) this.#mark(keyOf(object), now === undefined);
        this.#doorsDirty = true;
      }),
      slices.onChange((now, before) => {
        for (const slice of [now, before]) {
          const service = slice && serviceOf(slice);
          if (service !== undefined) this.#mark(service, losesEndpoint(now, before));
        }
      }),
      ingresses.onChange(() => {
        this.#ingressDirty = true;
        this.#doorsDirty = true;
        this.#plan(false);
      }),
      classes.onChange(() => {
        this.#ingressDirty = true;
        this.#plan(false);
      }),
      secrets.onChange((now, before) => {
        const secret = now ?? before;
        if (!secret || !this.#sources.secrets.has(keyOf(secret))) return;
        this.#ingressDirty = true;
        this.#plan(false);
      }),
    );
    // Rules of an earlier engine go on working until everything is known: never a moment with half the services.
    Promise.all([services, slices, ingresses, classes, secrets].map((informer) => informer.synced())).then(
      () => {
        this.#isReady = true;
        this.#plan(true);
      },
      (error) => this.#context.log.error('proxy not started', { why: messageOf(error) }),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancel();
    await Promise.all([this.#doors.stop(), this.#serviceStatuses.stop(), this.#ingressStatuses.stop()]);
  }

  #mark(service: string, isUrgent: boolean): void {
    this.#dirty.add(service);
    if (this.#sources.services.has(service)) this.#ingressDirty = true;
    this.#plan(isUrgent);
  }

  /** The first change, and every urgent one, is brought in at the end of this turn of the event loop. */
  #plan(isUrgent: boolean): void {
    if (!this.#isReady || this.#stopped || this.#isUrgent) return;
    const waitMs = this.#lastPassMs + GATHER_MS - this.#context.clock.monotonic();
    const isNow = isUrgent || waitMs <= 0;
    if (this.#planned && !isNow) return;
    this.#cancel();
    const pass = (): void => {
      this.#planned = undefined;
      this.#isUrgent = false;
      this.#pass();
    };
    this.#isUrgent = isNow;
    this.#planned = isNow ? setImmediate(pass) : this.#context.clock.after(waitMs, pass);
  }

  #cancel(): void {
    if (!this.#planned) return;
    if ('cancel' in this.#planned) this.#planned.cancel();
    else clearImmediate(this.#planned);
    this.#planned = undefined;
    this.#isUrgent = false;
  }

  #pass(): void {
    const { clock, informers, log } = this.#context;
    this.#lastPassMs = clock.monotonic();
    if (this.#dirty.size > 0 || this.#mustWrite) {
      this.#mustWrite = false;
      for (const key of this.#dirty) this.#renew(key);
      this.#dirty.clear();
      this.#network.setDns(this.#names.records());
      this.#network.setServices([...this.#rules.values()].flat()).catch((error) => {
        log.error('service rules not written', { why: messageOf(error) });
        clock.after(RETRY_MS, () => this.#retryRules());
      });
    }
    if (this.#ingressDirty) {
      this.#ingressDirty = false;
      const served = informers
        .of(kinds.ingresses)
        .list()
        .filter((ingress) => isServed(ingress, this.#world));
      const { state, sources } = ingressState(served, this.#world);
      this.#sources = sources;
      this.#network.setIngress(state);
      for (const ingress of served) this.#ingressStatuses.add(keyOf(ingress));
    }
    if (this.#doorsDirty) {
      this.#doorsDirty = false;
      const ingresses = informers
        .of(kinds.ingresses)
        .list()
        .filter((ingress) => isServed(ingress, this.#world));
      this.#doors.set(informers.of(kinds.services).list(), ingresses);
    }
  }

  #retryRules(): void {
    this.#mustWrite = true;
    this.#plan(true);
  }

  /** Makes one service's rules and names anew. */
  #renew(key: string): void {
    const slash = key.indexOf('/');
    const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const service = this.#world.service(namespace, name);
    if (!service) {
      this.#names.set(key, undefined);
      this.#rules.delete(key);
      return;
    }
    const slices = this.#world.slices(namespace, name);
    this.#rules.set(key, rulesOf(service, slices, this.#options.nodeName));
    this.#names.set(key, namesOf(service, slices, this.#options.clusterDomain));
  }

  #statusesChanged(): void {
    for (const service of this.#context.informers.of(kinds.services).list()) {
      if (needsStatus(service)) this.#serviceStatuses.add(keyOf(service));
    }
  }
}

function needsStatus(service: Service): boolean {
  return service.spec.type === 'LoadBalancer' || (service.status?.loadBalancer?.ingress ?? []).length > 0;
}

function keyOf({ metadata }: { metadata: { namespace?: string; name: string } }): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${metadata.namespace ?? ''}/${name}`;
}

/** Whether connections led by the rules of now could reach an endpoint that should have none any more. */
function losesEndpoint(now: EndpointSlice | undefined, before: EndpointSlice | undefined): boolean {
  if (!before) return false;
  const ready = new Set(now ? readyAddresses(now) : []);
  return readyAddresses(before).some((address) => !ready.has(address));
}

function readyAddresses(slice: EndpointSlice): string[] {
  return (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready ?? true).flatMap((end) => end.addresses);
}
