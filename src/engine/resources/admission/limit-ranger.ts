import {
  addQuantity,
  type Container,
  compareQuantity,
  forbidden,
  kinds,
  type LimitRangeItem,
  type PersistentVolumeClaim,
  type Pod,
  quantityToNumber,
  type ResourceRequirements,
} from '../../kinds/index.ts';
import type { Admission, AdmissionRequest } from '../contract.ts';

type Amounts = Readonly<Record<string, string | number>>;
const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Fills in what a LimitRange gives by default, then refuses what is outside it. */
export function limitRanger(): Admission {
  return {
    name: 'LimitRanger',
    mutate(request) {
      const pod = podOf(request);
      if (!pod || request.operation !== 'CREATE') return;
      const said: string[] = [];
      for (const item of itemsOf(request, 'Container')) {
        for (const container of pod.spec.initContainers ?? []) fill(container, item, 'init container', said);
        for (const container of pod.spec.containers) fill(container, item, 'container', said);
      }
      if (said.length > 0)
        pod.metadata.annotations = {
          ...pod.metadata.annotations,
          [ANNOTATION]: `LimitRanger plugin set: ${said.join('; ')}`,
        };
    },
    validate(request) {
      const pod = podOf(request);
      const claim = claimOf(request);
      const faults: string[] = [];
      if (pod && request.operation === 'CREATE') {
        for (const item of itemsOf(request, 'Container')) {
          for (const { resources } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers])
            faults.push(...check(item, resources?.requests ?? {}, resources?.limits ?? {}));
        }
        for (const item of itemsOf(request, 'Pod'))
          faults.push(...check(item, podTotal(pod, 'requests'), podTotal(pod, 'limits')));
        if (faults.length > 0) throw forbidden(kinds.pods, pod.metadata.name, listText(faults));
      }
      if (claim) {
        for (const item of itemsOf(request, 'PersistentVolumeClaim')) {
          const asked = claim.spec.resources?.requests ?? {};
          faults.push(...check(item, asked, asked));
        }
        if (faults.length > 0) throw forbidden(kinds.persistentvolumeclaims, claim.metadata.name, listText(faults));
      }
    },
  };
}

function podOf({ target, object }: AdmissionRequest): Pod | undefined {
  return target.info.group === '' && target.info.resource === 'pods' && !target.subresource
    ? (object as Pod | undefined)
    : undefined;
}

function claimOf({ target, object, operation }: AdmissionRequest): PersistentVolumeClaim | undefined {
  const isClaim = target.info.group === '' && target.info.resource === 'persistentvolumeclaims' && !target.subresource;
  return isClaim && operation !== 'DELETE' ? (object as PersistentVolumeClaim | undefined) : undefined;
}

function itemsOf(request: AdmissionRequest, type: string): LimitRangeItem[] {
  return request
    .readAll(kinds.limitranges, request.target.namespace)
    .flatMap(({ spec }) => spec.limits.filter((item) => item.type === type));
}

function fill(container: Container, item: LimitRangeItem, word: string, said: string[]): void {
  const resources: ResourceRequirements = container.resources ?? {};
  const [requests, limits] = [{ ...resources.requests }, { ...resources.limits }];
  const setLimits = Object.keys(item.default ?? {}).filter((name) => limits[name] === undefined);
  for (const name of setLimits) limits[name] = item.default?.[name] ?? 0;
  const setRequests = Object.keys(item.defaultRequest ?? {}).filter(
    (name) => requests[name] === undefined && resources.limits?.[name] === undefined,
  );
  for (const name of setRequests) requests[name] = item.defaultRequest?.[name] ?? 0;
  // A request that is not given is the limit, as it is without a LimitRange.
  for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
  if (setRequests.length > 0) said.push(`${setRequests.sort().join(', ')} request for ${word} ${container.name}`);
  if (setLimits.length > 0) said.push(`${setLimits.sort().join(', ')} limit for ${word} ${container.name}`);
  container.resources = {
    ...resources,
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}

function check(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const faults: string[] = [];
  const { type } = item;
  for (const [name, least] of Object.entries(item.min ?? {})) {
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined) faults.push(`minimum ${name} usage per ${type} is ${least}.  No request is specified`);
    else if (compareQuantity(request, least) < 0)
      faults.push(`minimum ${name} usage per ${type} is ${least}, but request is ${request}`);
    else if (limit !== undefined && compareQuantity(limit, least) < 0)
      faults.push(`minimum ${name} usage per ${type} is ${least}, but limit is ${limit}`);
  }
  for (const [name, most] of Object.entries(item.max ?? {})) {
    const [request, limit] = [requests[name], limits[name]];
    if (limit === undefined) faults.push(`maximum ${name} usage per ${type} is ${most}.  No limit is specified`);
    else if (compareQuantity(limit, most) > 0)
      faults.push(`maximum ${name} usage per ${type} is ${most}, but limit is ${limit}`);
    else if (request !== undefined && compareQuantity(request, most) > 0)
      faults.push(`maximum ${name} usage per ${type} is ${most}, but request is ${request}`);
  }
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined || limit === undefined || quantityToNumber(request) === 0) {
      faults.push(
        `${name} max limit to request ratio per ${type} is ${ratio}, but no request or limit is specified or request is 0`,
      );
      continue;
    }
    const observed = quantityToNumber(limit) / quantityToNumber(request);
    if (observed > quantityToNumber(ratio))
      faults.push(
        `${name} max limit to request ratio per ${type} is ${ratio}, but provided ratio is ${observed.toFixed(6)}`,
      );
  }
  return faults;
}

/** Containers together; an init container counts where it alone needs more. */
function podTotal(pod: Pod, part: 'requests' | 'limits'): Amounts {
  const total: Record<string, string | number> = {};
  for (const { resources } of pod.spec.containers) {
    for (const [name, value] of Object.entries(resources?.[part] ?? {}))
      total[name] = total[name] === undefined ? value : addQuantity(total[name], value);
  }
  for (const { resources } of pod.spec.initContainers ?? []) {
    for (const [name, value] of Object.entries(resources?.[part] ?? {})) {
      const sum = total[name];
      if (sum === undefined || compareQuantity(value, sum) > 0) total[name] = value;
    }
  }
  return total;
}

/** As upstream prints an aggregate of errors. */
function listText(faults: readonly string[]): string {
  const unique = [...new Set(faults)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
