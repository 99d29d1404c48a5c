import type { Pod, Quantity } from '../kinds/index.ts';
import type { ResourceLimits } from '../runtime/index.ts';
import { type AnyContainer, containersOf } from './pod-spec.ts';
import { qualityClass } from './quality.ts';
import { quantityMillis, quantityValue } from './quantity.ts';

const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const PERIOD_US = 100_000;
const QUOTA_MIN_US = 1000;
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** Upstream's MilliCPUToShares: 1024 a core, at least 2. */
export function cpuShares(millis: number): number {
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((millis * 1024) / 1000)));
}

/** Upstream's MilliCPUToQuota for the usual period; undefined without a limit. */
export function cpuQuotaUs(millis: number): number | undefined {
  return millis === 0 ? undefined : Math.max(QUOTA_MIN_US, Math.floor((millis * PERIOD_US) / 1000));
}

export function containerLimits(container: AnyContainer): ResourceLimits {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuRequest = requests.cpu === undefined ? limits.cpu : requests.cpu;
  return limitsFrom(quantityMillis(cpuRequest), quantityMillis(limits.cpu), quantityValue(limits.memory));
}

/** The pod's own cgroup: requests added up; a limit only where every container has one (or the pod sets its own). */
export function podLimits(pod: Pod): ResourceLimits {
  const own = pod.spec.resources;
  const total = (
    pick: (container: AnyContainer) => Quantity | undefined,
    measure: (quantity: Quantity | undefined) => number,
  ) => {
    const places = containersOf(pod);
    const sum = (roles: readonly string[]) =>
      places.filter(({ role }) => roles.includes(role)).reduce((so, { container }) => so + measure(pick(container)), 0);
    const inits = places.filter(({ role }) => role === 'init').map(({ container }) => measure(pick(container)));
    return Math.max(sum(['app', 'sidecar']), ...inits);
  };
  const everyone = (name: string) =>
    containersOf(pod)
      .filter(({ role }) => role !== 'ephemeral')
      .every(({ container }) => container.resources?.limits?.[name] !== undefined);
  const request = (name: string) => (container: AnyContainer) =>
    container.resources?.requests?.[name] ?? container.resources?.limits?.[name];
  const limit = (name: string) => (container: AnyContainer) => container.resources?.limits?.[name];
  const cpuRequest =
    own?.requests?.cpu !== undefined ? quantityMillis(own.requests.cpu) : total(request('cpu'), quantityMillis);
  const cpuLimit =
    own?.limits?.cpu !== undefined
      ? quantityMillis(own.limits.cpu)
      : everyone('cpu')
        ? total(limit('cpu'), quantityMillis)
        : 0;
  const memoryLimit =
    own?.limits?.memory !== undefined
      ? quantityValue(own.limits.memory)
      : everyone('memory')
        ? total(limit('memory'), quantityValue)
        : 0;
  return limitsFrom(cpuRequest, cpuLimit, memoryLimit);
}

function limitsFrom(cpuRequestMillis: number, cpuLimitMillis: number, memoryBytes: number): ResourceLimits {
  const quota = cpuQuotaUs(cpuLimitMillis);
  return {
    cpuShares: cpuShares(cpuRequestMillis),
    ...(quota === undefined ? {} : { cpuQuotaUs: quota }),
    ...(memoryBytes > 0 ? { memoryBytesMax: Math.floor(memoryBytes) } : {}),
  };
}

/** Who goes first when memory runs out (upstream's GetContainerOOMScoreAdjust). */
export function oomScoreAdjust(pod: Pod, container: AnyContainer, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY) return -997;
  const quality = qualityClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const request = quantityValue(container.resources?.requests?.memory ?? container.resources?.limits?.memory);
  const adjust = 1000 - Math.floor((1000 * request) / memoryCapacityBytes);
  return adjust < 3 ? 3 : adjust === 1000 ? 999 : adjust;
}
