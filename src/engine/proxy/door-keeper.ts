import { type Clock, type Log, messageOf, type Timer } from '../../base/index.ts';
import type { EventRecorder } from '../client/index.ts';
import type { Ingress, Service } from '../kinds/index.ts';
import type { Network } from '../network/index.ts';
import { type DoorClaim, type DoorSettings, doorClaims } from './door-claims.ts';

/** While a port is held by someone else on the host, nobody tells when it comes free. */
const RETRY_MS = 30_000;

/** A door that could not be opened, in words for a user. */
export interface ClaimFault {
  readonly claim: DoorClaim;
  readonly fault: string;
}

interface Wanted {
  readonly services: readonly Service[];
  readonly ingresses: readonly Ingress[];
}

/**
 * Keeps the host's doors equal to what services and ingresses ask for. One change at a time, always to the latest state.
 * A new fault is told once: as an event on the service, with the way around it, and to `onFault`.
 */
export class DoorKeeper {
  readonly #network: Network;
  readonly #settings: DoorSettings;
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onFault: ((fault: ClaimFault) => void) | undefined;
  readonly #onSettled: () => void;
  readonly #told = new Map<string, string>();
  #wanted: Wanted | undefined;
  #latest: Wanted | undefined;
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #stopped = false;
  /** `namespace/name` of services that have at least one door of their own kind. */
  #balanced: ReadonlySet<string> = new Set();
  #opened = '';

  constructor(options: {
    network: Network;
    settings: DoorSettings;
    recorder: EventRecorder;
    clock: Clock;
    log: Log;
    onFault: ((fault: ClaimFault) => void) | undefined;
    /** Called after each change of what is open. */
    onSettled: () => void;
  }) {
    this.#network = options.network;
    this.#settings = options.settings;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onFault = options.onFault;
    this.#onSettled = options.onSettled;
  }

  /** Whether the service's load balancer works: one of its ports, at least, is open on the host. */
  isBalanced(service: string): boolean {
    return this.#balanced.has(service);
  }

  set(services: readonly Service[], ingresses: readonly Ingress[]): void {
    this.#wanted = { services, ingresses };
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    await this.#running;
  }

  #begin(): void {
    if (this.#running || this.#stopped) return;
    this.#running = this.#settle()
      .catch((error) => {
        this.#log.error('doors failed', { why: messageOf(error) });
        this.#againLater();
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#wanted) this.#begin();
      });
  }

  async #settle(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (!wanted) return;
    this.#latest = wanted;
    const { claims, lost } = doorClaims(wanted.services, wanted.ingresses, this.#settings);
    const doors = claims.map(({ door }) => door);
    const asked = JSON.stringify(doors);
    const refused = asked === this.#opened ? [] : await this.#network.setDoors(doors);
    const faults: ClaimFault[] = lost.map(({ claim, holder }) => ({
      claim,
      fault: `port ${claim.door.hostPort} is taken by ${holder.service ?? 'the ingress'}`,
    }));
    const closed = new Set<DoorClaim>();
    for (const { door, fault } of refused) {
      const claim = claims.find((candidate) => candidate.door === door);
      if (!claim) continue;
      closed.add(claim);
      faults.push({ claim, fault });
    }
    const open = claims.filter((claim) => claim.purpose === 'loadBalancer' && !closed.has(claim));
    this.#balanced = new Set(open.map(({ service }) => service ?? ''));
    // With a refused door the same doors are asked for again, by the next change or the timer.
    this.#opened = refused.length === 0 ? asked : '';
    this.#tell(faults, wanted.services);
    if (refused.length > 0) this.#againLater();
    else this.#retry?.cancel();
    this.#onSettled();
  }

  #againLater(): void {
    this.#retry?.cancel();
    this.#retry = this.#clock.after(RETRY_MS, () => {
      this.#wanted ??= this.#latest;
      this.#begin();
    });
  }

  #tell(faults: readonly ClaimFault[], services: readonly Service[]): void {
    const current = new Set<string>();
    for (const fault of faults) {
      const { claim } = fault;
      const key = `${claim.service ?? ''} ${claim.door.protocol} ${claim.door.hostPort}`;
      current.add(key);
      if (this.#told.get(key) === fault.fault) continue;
      this.#told.set(key, fault.fault);
      this.#log.warn('door not opened', { service: claim.service, why: fault.fault });
      this.#onFault?.(fault);
      const service = services.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === claim.service);
      if (!service) continue;
      const nodePort = service.spec.ports?.find(({ port }) => port === claim.door.hostPort)?.nodePort;
      const way =
        claim.purpose === 'loadBalancer' && nodePort
          ? `; it is open on ${claim.door.hostAddress}:${nodePort}`
          : '; free the port or choose another one';
      const reason = claim.purpose === 'loadBalancer' ? 'SyncLoadBalancerFailed' : 'NodePortNotOpened';
      const what = claim.purpose === 'loadBalancer' ? 'Error syncing load balancer: ' : '';
      this.#recorder.event(service, 'Warning', reason, `${what}${fault.fault} on ${claim.door.hostAddress}${way}`);
    }
    for (const key of this.#told.keys()) if (!current.has(key)) this.#told.delete(key);
  }
}
