import { compareQuantity } from '../../engine/kinds/index.ts';
import { bytesOf, bytesQuantity, processorsQuantity } from './amounts.ts';
import type { ComposeValue } from './contract.ts';
import type { Draft, Handler } from './draft.ts';
import type { Path } from './path.ts';
import { childOf, itemsOf, numberOf, textOf, textsOf } from './value.ts';

type Side = 'limits' | 'requests';

function processors(side: Side): Handler {
  return (value, path, draft) => {
    const count = numberOf(value) ?? 0;
    if (count <= 0) draft.report.mapped(path, value.at, 'no limit');
    else {
      draft[side].cpu = processorsQuantity(count);
      draft.report.mapped(path, value.at, `resources.${side}.cpu ${draft[side].cpu}`);
    }
  };
}

function memory(side: Side): Handler {
  return (value, path, draft) => {
    const size = bytesOf(textOf(value) ?? '') ?? 0;
    if (size <= 0) draft.report.mapped(path, value.at, 'no limit');
    else {
      draft[side].memory = bytesQuantity(size);
      draft.report.mapped(path, value.at, `resources.${side}.memory ${draft[side].memory}`);
    }
  };
}

export const cpus = processors('limits');
export const memoryLimit = memory('limits');
export const memoryReservation = memory('requests');

/** Compose's own default of 1024 stands for one processor when others want it too. */
export const cpuShares: Handler = (value, path, draft) => {
  const shares = numberOf(value) ?? 0;
  if (shares <= 0) return draft.report.mapped(path, value.at, 'no share of its own');
  draft.requests.cpu ??= processorsQuantity(shares / 1024);
  draft.report.changed(path, value.at, `resources.requests.cpu ${draft.requests.cpu}: 1024 shares are one processor`);
};

const CPU_PERIOD_US = 100_000;

export const cpuQuota: Handler = (value, path, draft) => {
  const quota = numberOf(value) ?? 0;
  const period = numberOf(draft.map.entries.get('cpu_period')) || CPU_PERIOD_US;
  if (quota <= 0) return draft.report.mapped(path, value.at, 'no limit');
  draft.limits.cpu ??= processorsQuantity(quota / period);
  draft.report.mapped(path, value.at, `resources.limits.cpu ${draft.limits.cpu}`);
};

export const cpuPeriod: Handler = (value, path, draft) => {
  if (draft.map.entries.has('cpu_quota')) draft.report.mapped(path, value.at, 'what cpu_quota is measured by');
  else draft.report.dropped(path, value.at, { reason: 'without cpu_quota it limits nothing' });
};

export const resources: Handler = (value, path, draft) => {
  const each = (keys: readonly string[], handler: Handler): void => {
    const found = childOf(value, ...keys);
    if (found) handler(found, [...path, ...keys], draft);
  };
  each(['limits', 'cpus'], cpus);
  each(['limits', 'memory'], memoryLimit);
  each(['reservations', 'cpus'], processors('requests'));
  each(['reservations', 'memory'], memoryReservation);
  each(['reservations', 'devices'], devices);
};

export const gpus: Handler = (value, path, draft) => {
  if (value.is === 'list') devices(value, path, draft);
  else askForDevices('nvidia.com/gpu', undefined, value, path, draft);
};

/** Devices that a driver offers: graphics cards. */
function devices(value: ComposeValue, path: Path, draft: Draft): void {
  for (const [index, item] of itemsOf(value).entries()) {
    const driver = textOf(childOf(item, 'driver')) ?? 'nvidia';
    const wanted = textsOf(childOf(item, 'capabilities'));
    const resource = { nvidia: 'nvidia.com/gpu', amd: 'amd.com/gpu', intel: 'gpu.intel.com/i915' }[driver];
    const isGraphics =
      wanted.length === 0 || wanted.some((word) => ['gpu', 'nvidia', 'compute', 'graphics'].includes(word));
    if (resource === undefined || !isGraphics) {
      draft.report.dropped([...path, index], item.at, {
        reason: `there is no resource known for ${wanted.join(', ')} of ${driver}`,
        todo: 'Install its device plugin and ask for its resource.',
      });
      continue;
    }
    const ids = textsOf(childOf(item, 'device_ids')).length;
    const count = numberOf(childOf(item, 'count')) ?? (ids > 0 ? ids : undefined);
    askForDevices(resource, count, item, [...path, index], draft);
  }
}

function askForDevices(
  resource: string,
  count: number | undefined,
  value: ComposeValue,
  path: Path,
  draft: Draft,
): void {
  draft.limits[resource] = String(count ?? 1);
  const all = count === undefined ? '; compose gives all of the machine, a pod asks for a number' : '';
  draft.report.changed(
    path,
    value.at,
    `resources.limits ${resource} ${count ?? 1}${all}`,
    'The cluster needs the device plugin of the maker.',
  );
}

export const storageOptions: Handler = (value, path, draft) => {
  const size = childOf(value, 'size');
  const bytes = bytesOf(textOf(size) ?? '');
  if (size && bytes !== undefined) {
    draft.limits['ephemeral-storage'] = bytesQuantity(bytes);
    draft.report.changed(
      [...path, 'size'],
      size.at,
      `resources.limits.ephemeral-storage ${bytesQuantity(bytes)}: a pod that writes more is ended`,
    );
  }
  if (value.is !== 'map') return;
  for (const [key, each] of value.entries) {
    if (key !== 'size' || bytes === undefined)
      draft.report.dropped([...path, key], each.at, { reason: 'it is an option of a storage driver of Docker' });
  }
};

/** Kubernetes refuses a pod that asks for more than it may use. */
export function requestsWithinLimits({ limits, requests, report, path, map }: Draft): void {
  for (const [resource, asked] of Object.entries(requests)) {
    const limit = limits[resource];
    if (limit === undefined || compareQuantity(asked, limit) <= 0) continue;
    requests[resource] = limit;
    report.heading(path, map.at, 'changed', `asks for ${limit} of ${resource}, not ${asked}: that is its limit`);
  }
}
