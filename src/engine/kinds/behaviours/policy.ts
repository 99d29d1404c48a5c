import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type {
  LimitRange,
  LimitRangeItem,
  PodDisruptionBudget,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
  ServiceAccount,
} from '../generated/types.ts';
import { isDnsLabel } from '../names.ts';
import { immutable, validateLabelSelector } from '../object-meta.ts';
import { compareQuantity } from '../quantity.ts';
import { validateAmount } from './resource-validation.ts';
import { counted, countedWithoutStatus, withStatus } from './strategy.ts';
import { validateShare } from './workload.ts';

const budget = (object: KubeObject) => object as unknown as PodDisruptionBudget;
const priority = (object: KubeObject) => object as unknown as PriorityClass;
const quota = (object: KubeObject) => object as unknown as ResourceQuota;
const runtime = (object: KubeObject) => object as unknown as RuntimeClass;
const range = (object: KubeObject) => object as unknown as LimitRange;

export const podDisruptionBudget: Behaviour = {
  ...counted,
  cells(object, now) {
    const { metadata, spec, status } = budget(object);
    const text = (value: number | string | undefined) => (value === undefined ? 'N/A' : String(value));
    return [
      metadata.name,
      text(spec.minAvailable),
      text(spec.maxUnavailable),
      status?.disruptionsAllowed ?? 0,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  validate: (object) => validateBudget(budget(object)),
  validateUpdate: (object) => validateBudget(budget(object)),
};

function validateBudget({ spec }: PodDisruptionBudget): FieldFault[] {
  const faults: FieldFault[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    faults.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  faults.push(
    ...validateShare(spec.minAvailable, 'spec.minAvailable'),
    ...validateShare(spec.maxUnavailable, 'spec.maxUnavailable'),
  );
  faults.push(...validateLabelSelector(spec.selector, 'spec.selector'));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined && !['AlwaysAllow', 'IfHealthyBudget'].includes(policy)) {
    faults.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']));
  }
  return faults;
}

const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const USER_PRIORITY_MAX = 1_000_000_000;

export const priorityClass: Behaviour = {
  ...countedWithoutStatus,
  cells(object, now) {
    const { metadata, value, globalDefault, preemptionPolicy } = priority(object);
    return [
      metadata.name,
      value ?? 0,
      globalDefault ?? false,
      ageSince(metadata.creationTimestamp, now),
      preemptionPolicy ?? '',
    ];
  },
  setDefaults(object) {
    priority(object).preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate(object) {
    const { metadata, value = 0 } = priority(object);
    const faults: FieldFault[] = [];
    if (metadata.name.startsWith('system-')) {
      if (SYSTEM_PRIORITIES[metadata.name] !== value) {
        faults.push(
          forbiddenField(
            'metadata.name',
            `priority class names with 'system-' prefix are reserved for system use only. error: ${metadata.name} is not a known system priority class`,
          ),
        );
      }
    } else if (value > USER_PRIORITY_MAX) {
      faults.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`));
    }
    return faults;
  },
  validateUpdate(object, old) {
    const faults: FieldFault[] = [];
    if (priority(object).value !== priority(old).value)
      faults.push(forbiddenField('value', 'may not be changed in an update.'));
    return [
      ...faults,
      ...immutable(priority(object).preemptionPolicy, priority(old).preemptionPolicy, 'preemptionPolicy'),
    ];
  },
};

export const resourceQuota: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, spec, status } = quota(object);
    const hard = status?.hard ?? spec?.hard ?? {};
    const requests: string[] = [];
    const limits: string[] = [];
    for (const name of Object.keys(hard).sort()) {
      const text = `${name}: ${status?.used?.[name] ?? '0'}/${hard[name]}`;
      (name.startsWith('limits') ? limits : requests).push(text);
    }
    return [metadata.name, requests.join(', '), limits.join(', '), ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    return Object.entries(quota(object).spec?.hard ?? {}).flatMap(([name, amount]) =>
      validateAmount(name, amount, `spec.hard[${name}]`),
    );
  },
  validateUpdate: (object, old) => [...immutable(quota(object).spec?.scopes, quota(old).spec?.scopes, 'spec.scopes')],
};

export const runtimeClass: Behaviour = {
  cells: (object, now) => [
    runtime(object).metadata.name,
    runtime(object).handler,
    ageSince(runtime(object).metadata.creationTimestamp, now),
  ],
  validate(object) {
    const { handler } = runtime(object);
    return handler ? invalidAll('handler', handler, isDnsLabel(handler)) : [required('handler')];
  },
  validateUpdate: (object, old) => immutable(runtime(object).handler, runtime(old).handler, 'handler'),
};

export const serviceAccount: Behaviour = {
  cells: (object, now) => {
    const { metadata } = object as unknown as ServiceAccount;
    return [metadata.name, ageSince(metadata.creationTimestamp, now)];
  },
};

export const limitRange: Behaviour = {
  setDefaults(object) {
    for (const item of range(object).spec?.limits ?? []) setItemDefaults(item);
  },
  validate: (object) => validateItems(range(object)),
  validateUpdate: (object) => validateItems(range(object)),
};

function setItemDefaults(item: LimitRangeItem): void {
  if (item.type !== 'Container') return;
  const limits: Record<string, string | number> = { ...item.max, ...item.default };
  const requests: Record<string, string | number> = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

function validateItems({ spec }: LimitRange): FieldFault[] {
  const faults: FieldFault[] = [];
  const types = new Set<string>();
  for (const [index, item] of (spec?.limits ?? []).entries()) {
    const path = at('spec.limits', index);
    if (types.has(item.type)) faults.push({ path: `${path}.type`, type: 'Duplicate', value: item.type, detail: '' });
    types.add(item.type);
    if (item.type === 'Pod') {
      for (const field of ['default', 'defaultRequest'] as const) {
        if (Object.keys(item[field] ?? {}).length > 0)
          faults.push(forbiddenField(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
      }
    }
    if (item.type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined) {
      faults.push(
        required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
      );
    }
    faults.push(...validateOrder(item, path));
  }
  return faults;
}

/** min <= defaultRequest <= default <= max, each where it is given. */
function validateOrder(item: LimitRangeItem, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const { min = {}, max = {}, default: limits = {}, defaultRequest = {} } = item;
  const check = (
    field: string,
    name: string,
    low: string | number | undefined,
    high: string | number | undefined,
    what: string,
    than: string,
  ) => {
    if (low === undefined || high === undefined || compareQuantity(low, high) <= 0) return;
    faults.push(
      invalidValue(
        `${path}.${field}[${name}]`,
        String(low),
        `${what} value ${low} is greater than ${than} value ${high}`,
      ),
    );
  };
  for (const name of new Set([
    ...Object.keys(min),
    ...Object.keys(max),
    ...Object.keys(limits),
    ...Object.keys(defaultRequest),
  ])) {
    check('min', name, min[name], max[name], 'min', 'max');
    check('defaultRequest', name, min[name], defaultRequest[name], 'min', 'default request');
    check('defaultRequest', name, defaultRequest[name], max[name], 'default request', 'max');
    check('defaultRequest', name, defaultRequest[name], limits[name], 'default request', 'default limit');
    check('default', name, min[name], limits[name], 'min', 'default');
    check('default', name, limits[name], max[name], 'default', 'max');
  }
  return faults;
}
