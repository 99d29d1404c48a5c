import {
  type Client,
  type EventRecorder,
  type Informer,
  type Loop,
  type LoopContext,
  startLoop,
} from '../client/index.ts';
import { type Ingress, type KubeObject, kinds, type Service, StatusError } from '../kinds/index.ts';
import { isBalanced } from './door-claims.ts';

/** What a status should say; undefined leaves it as it is. */
export interface StatusRules {
  /** The address that LoadBalancer services and ingresses are reached at. */
  readonly address: string;
  readonly ingressPorts: readonly number[];
  isOpen(service: string): boolean;
  isServed(ingress: Ingress): boolean;
}

/** Writes status.loadBalancer of one service at a time; keys are `namespace/name`. */
export function startServiceStatuses(context: LoopContext, rules: StatusRules): Loop {
  const services = context.informers.of(kinds.services);
  const recorder: EventRecorder = context.recorder('service-controller');
  return startLoop({
    name: 'load-balancer-status',
    clock: context.clock,
    log: context.log,
    async reconcile(key) {
      const service = find(services, key);
      if (!service || service.metadata.deletionTimestamp) return undefined;
      const current = service.status?.loadBalancer?.ingress ?? [];
      if (!isBalanced(service)) {
        const isOurs = current.length > 0 && !isForeign(current, rules.address);
        if (isOurs && service.spec.type !== 'LoadBalancer') await write(context.client, kinds.services, service, null);
        return undefined;
      }
      const wanted = rules.isOpen(key) ? [{ ip: rules.address, ipMode: 'Proxy' }] : [];
      if (sameAddresses(current, wanted) || isForeign(current, rules.address)) return undefined;
      await write(context.client, kinds.services, service, wanted.length > 0 ? wanted : null);
      if (wanted.length > 0) recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
      return undefined;
    },
  });
}

/** Writes status.loadBalancer of one ingress at a time; keys are `namespace/name`. */
export function startIngressStatuses(context: LoopContext, rules: StatusRules): Loop {
  const ingresses = context.informers.of(kinds.ingresses);
  return startLoop({
    name: 'ingress-status',
    clock: context.clock,
    log: context.log,
    async reconcile(key) {
      const ingress = find(ingresses, key);
      if (!ingress || ingress.metadata.deletionTimestamp || !rules.isServed(ingress)) return undefined;
      const ports = rules.ingressPorts.map((port) => ({ port, protocol: 'TCP' }));
      const current = ingress.status?.loadBalancer?.ingress ?? [];
      if (current.length > 0) return undefined;
      await write(context.client, kinds.ingresses, ingress, [{ ip: rules.address, ports }]);
      return undefined;
    },
  });
}

function find<T extends KubeObject>(informer: Informer<T>, key: string): T | undefined {
  const slash = key.indexOf('/');
  return informer.get(key.slice(0, slash), key.slice(slash + 1));
}

/** An address that somebody else wrote stays: two controllers that correct each other would never end. */
function isForeign(current: readonly { ip?: string }[], own: string): boolean {
  return current.some(({ ip }) => ip !== own);
}

function sameAddresses(one: readonly { ip?: string }[], other: readonly { ip?: string }[]): boolean {
  return one.length === other.length && one.every(({ ip }, index) => ip === other[index]?.ip);
}

async function write<T extends Service | Ingress>(
  client: Client,
  kind: typeof kinds.services | typeof kinds.ingresses,
  object: T,
  ingress: readonly unknown[] | null,
): Promise<void> {
  const { namespace, name } = object.metadata;
  const patch = { type: 'merge' as const, body: { status: { loadBalancer: { ingress } } } };
  try {
    await client.patch<unknown>(kind, namespace, name, patch, { subresource: 'status' });
  } catch (error) {
    // Deleted meanwhile: nothing is left to say.
    if (!(error instanceof StatusError && error.code === 404)) throw error;
  }
}
