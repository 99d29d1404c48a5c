import type { Clock } from '../../../base/index.ts';
import {
  addQuantity,
  compareQuantity,
  forbidden,
  type Kind,
  type KubeObject,
  kinds,
  type PersistentVolumeClaim,
  type Pod,
  type ResourceQuota,
  type Service,
  subtractQuantity,
} from '../../kinds/index.ts';
import type { Admission, AdmissionRequest } from '../contract.ts';

type Usage = Record<string, string | number>;

/** How long an admitted object may take to become visible before its reservation is given up. */
const RESERVATION_MS = 30_000;

interface Reservation {
  readonly uid: string;
  readonly resource: string;
  readonly usage: Usage;
  readonly object: KubeObject;
  readonly expiresAt: number;
}

/**
 * Refuses what would go over a ResourceQuota. Usage is counted from the objects themselves, so it cannot drift; what was
 * admitted but is not visible yet is held as a reservation, so that two creates at once cannot both take the last place.
 */
export function resourceQuota(options: { clock: Clock }): Admission {
  const reservations = new Map<string, Reservation[]>();
  return {
    name: 'ResourceQuota',
    validate(request) {
      const { operation, target, object, old, dryRun } = request;
      if (operation === 'DELETE' || target.subresource || !target.namespace || !object) return;
      const quotas = request
        .readAll(kinds.resourcequotas, target.namespace)
        .filter(({ metadata }) => !metadata.deletionTimestamp);
      if (quotas.length === 0 || target.info.resource === 'resourcequotas') return;
      const delta = difference(usageOf(target.info, object), old ? usageOf(target.info, old) : {});
      if (Object.values(delta).every((value) => compareQuantity(value, 0) <= 0)) return;
      const held = live(reservations.get(target.namespace) ?? [], options.clock.now());
      for (const quota of quotas) refuseOver(quota, request, delta, object, held);
      if (dryRun || operation !== 'CREATE') return;
      held.push({
        uid: object.metadata.uid,
        resource: target.info.resource,
        usage: delta,
        object,
        expiresAt: options.clock.now() + RESERVATION_MS,
      });
      reservations.set(target.namespace, held);
    },
  };
}

function live(reservations: readonly Reservation[], now: number): Reservation[] {
  return reservations.filter(({ expiresAt }) => expiresAt > now);
}

function refuseOver(
  quota: ResourceQuota,
  request: AdmissionRequest,
  delta: Usage,
  object: KubeObject,
  held: readonly Reservation[],
): void {
  if (!inScope(quota, object, request.target.info.resource)) return;
  const hard = quota.spec.hard ?? {};
  const limited = Object.keys(delta).filter((name) => hard[name] !== undefined);
  mustSpecify(quota, request, object);
  if (limited.length === 0) return;
  const used = countUsed(quota, request, limited, held);
  const over = limited
    .filter((name) => compareQuantity(addQuantity(used[name] ?? 0, delta[name] ?? 0), hard[name] ?? 0) > 0)
    .sort();
  if (over.length === 0) return;
  const part = (values: Usage) => over.map((name) => `${name}=${values[name] ?? 0}`).join(',');
  throw forbidden(
    request.target.info,
    object.metadata.name,
    `exceeded quota: ${quota.metadata.name}, requested: ${part(delta)}, used: ${part(used)}, limited: ${part(hard)}`,
  );
}

/** Under a quota for computing resources every container has to say what it takes. */
function mustSpecify(quota: ResourceQuota, request: AdmissionRequest, object: KubeObject): void {
  if (request.operation !== 'CREATE' || request.target.info.resource !== 'pods') return;
  const wanted = Object.keys(quota.spec.hard ?? {}).filter((name) => /^(requests\.|limits\.)?(cpu|memory)$/.test(name));
  const missing = new Map<string, string[]>();
  for (const name of wanted.sort()) {
    const [part, resource] = name.startsWith('limits.')
      ? (['limits', name.slice(7)] as const)
      : (['requests', name.replace('requests.', '')] as const);
    const lacking = (object as Pod).spec.containers.filter(
      ({ resources }) => resources?.[part]?.[resource] === undefined,
    );
    if (lacking.length > 0)
      missing.set(
        name,
        lacking.map((container) => container.name),
      );
  }
  if (missing.size === 0) return;
  const text = [...missing].map(([name, containers]) => `${name} for: ${containers.join(',')}`).join('; ');
  throw forbidden(
    request.target.info,
    object.metadata.name,
    `failed quota: ${quota.metadata.name}: must specify ${text}`,
  );
}

function countUsed(
  quota: ResourceQuota,
  request: AdmissionRequest,
  names: readonly string[],
  held: readonly Reservation[],
): Usage {
  const used: Usage = {};
  const visible = new Set<string>();
  const add = (usage: Usage) => {
    for (const name of names) if (usage[name] !== undefined) used[name] = addQuantity(used[name] ?? 0, usage[name]);
  };
  // Only objects of the request's own kind take what the request takes.
  const { info } = request.target;
  for (const object of request.readAll(info, request.target.namespace)) {
    visible.add(object.metadata.uid);
    if (inScope(quota, object, info.resource)) add(usageOf(info, object));
  }
  for (const reservation of held) {
    if (!visible.has(reservation.uid) && inScope(quota, reservation.object, reservation.resource))
      add(reservation.usage);
  }
  return used;
}

const COUNTED = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
]);

/** What one object takes of a quota (upstream's evaluators). */
export function usageOf(kind: Pick<Kind, 'group' | 'resource'>, object: KubeObject): Usage {
  const usage: Usage = { [`count/${kind.resource}${kind.group ? `.${kind.group}` : ''}`]: 1 };
  if (kind.group !== '') return usage;
  if (COUNTED.has(kind.resource) && kind.resource !== 'pods') usage[kind.resource] = 1;
  if (kind.resource === 'pods') Object.assign(usage, podUsage(object as Pod));
  if (kind.resource === 'services') {
    const { type, ports } = (object as Service).spec;
    if (type === 'LoadBalancer') usage['services.loadbalancers'] = 1;
    if (type === 'NodePort' || type === 'LoadBalancer') usage['services.nodeports'] = ports?.length ?? 0;
  }
  if (kind.resource === 'persistentvolumeclaims') {
    const { spec } = object as PersistentVolumeClaim;
    const storage = spec.resources?.requests?.storage ?? 0;
    usage['requests.storage'] = storage;
    if (spec.storageClassName) {
      const prefix = `${spec.storageClassName}.storageclass.storage.k8s.io`;
      usage[`${prefix}/requests.storage`] = storage;
      usage[`${prefix}/persistentvolumeclaims`] = 1;
    }
  }
  return usage;
}

function podUsage(pod: Pod): Usage {
  // A pod that has ended takes nothing but its entry.
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return {};
  const usage: Usage = { pods: 1 };
  for (const part of ['requests', 'limits'] as const) {
    const total: Usage = {};
    for (const { resources } of pod.spec.containers) {
      for (const [name, value] of Object.entries(resources?.[part] ?? {}))
        total[name] = addQuantity(total[name] ?? 0, value);
    }
    for (const { resources } of pod.spec.initContainers ?? []) {
      for (const [name, value] of Object.entries(resources?.[part] ?? {}))
        if (compareQuantity(value, total[name] ?? 0) > 0) total[name] = value;
    }
    for (const [name, value] of Object.entries(total)) {
      usage[`${part}.${name}`] = value;
      if (part === 'requests' && ['cpu', 'memory', 'ephemeral-storage'].includes(name)) usage[name] = value;
    }
  }
  return usage;
}

function difference(now: Usage, before: Usage): Usage {
  return Object.fromEntries(
    Object.entries(now)
      .map(([name, value]): [string, string | number] => [
        name,
        before[name] === undefined ? value : subtractQuantity(value, before[name]),
      ])
      .filter(([, value]) => compareQuantity(value, 0) > 0),
  );
}

function inScope(quota: ResourceQuota, object: KubeObject, resource: string): boolean {
  const terms = [
    ...(quota.spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as string[] })),
    ...(quota.spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (terms.length === 0) return true;
  if (resource !== 'pods') return false;
  const { spec } = object as Pod;
  const isBestEffort = spec.containers.every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0,
  );
  return terms.every(({ scopeName, operator, values }) => {
    switch (scopeName) {
      case 'BestEffort':
        return isBestEffort;
      case 'NotBestEffort':
        return !isBestEffort;
      case 'Terminating':
        return spec.activeDeadlineSeconds !== undefined;
      case 'NotTerminating':
        return spec.activeDeadlineSeconds === undefined;
      case 'PriorityClass': {
        const name = spec.priorityClassName;
        if (operator === 'Exists') return name !== undefined;
        if (operator === 'DoesNotExist') return name === undefined;
        return (name !== undefined && (values ?? []).includes(name)) === (operator === 'In');
      }
      case 'CrossNamespacePodAffinity':
        return [
          ...(spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
          ...(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
        ].some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined);
      default:
        return false;
    }
  });
}
