import {
  addQuantity,
  type Container,
  compareQuantity,
  type Pod,
  type Quantity,
  type ResourceQuota,
} from '../kinds/index.ts';

/** What pods use of a resource a quota names; undefined when it is no resource of pods. */
export function podUsage(pods: readonly Pod[], resource: string): Quantity | undefined {
  if (resource === 'pods' || resource === 'count/pods') return String(pods.length);
  const match = /^(?:(requests|limits)\.)?(.+)$/.exec(resource);
  const [, side = 'requests', name = ''] = match ?? [];
  const plain = ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-');
  // Extended resources (`requests.example.com/gpu`) can only be counted by their requests.
  const extended = resource.startsWith('requests.') && name.includes('/');
  if (!plain && !extended) return undefined;
  return pods.reduce<Quantity>(
    (sum, pod) => addQuantity(sum, podAmount(pod, side as 'requests' | 'limits', name)),
    '0',
  );
}

/** The larger of the containers together and of each init container at its time, sidecars counted throughout. */
function podAmount(pod: Pod, side: 'requests' | 'limits', name: string): Quantity {
  const of = (container: Container): Quantity => container.resources?.[side]?.[name] ?? '0';
  let total: Quantity = '0';
  let sidecars: Quantity = '0';
  let starting: Quantity = '0';
  for (const container of pod.spec.containers) total = addQuantity(total, of(container));
  for (const container of pod.spec.initContainers ?? []) {
    const atItsTime = addQuantity(sidecars, of(container));
    if (container.restartPolicy === 'Always') sidecars = atItsTime;
    if (compareQuantity(atItsTime, starting) > 0) starting = atItsTime;
  }
  total = addQuantity(total, sidecars);
  if (compareQuantity(starting, total) > 0) total = starting;
  const whole = pod.spec.resources?.[side]?.[name];
  return addQuantity(whole ?? total, pod.spec.overhead?.[name] ?? '0');
}

function isBestEffort(pod: Pod): boolean {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length === 0 && Object.keys(resources?.limits ?? {}).length === 0,
  );
}

function crossesNamespaces(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
  ]);
  return terms.some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined);
}

/** Whether a quota's scopes take in a pod. */
export function matchesScopes(quota: ResourceQuota, pod: Pod): boolean {
  const plain = (quota.spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: undefined }));
  return [...plain, ...(quota.spec.scopeSelector?.matchExpressions ?? [])].every(({ scopeName, operator, values }) => {
    switch (scopeName) {
      case 'Terminating':
        return pod.spec.activeDeadlineSeconds !== undefined;
      case 'NotTerminating':
        return pod.spec.activeDeadlineSeconds === undefined;
      case 'BestEffort':
        return isBestEffort(pod);
      case 'NotBestEffort':
        return !isBestEffort(pod);
      case 'CrossNamespacePodAffinity':
        return crossesNamespaces(pod);
      case 'PriorityClass': {
        const name = pod.spec.priorityClassName ?? '';
        if (operator === 'Exists') return name !== '';
        if (operator === 'DoesNotExist') return name === '';
        return (values ?? []).includes(name) === (operator === 'In');
      }
      default:
        return false;
    }
  });
}
