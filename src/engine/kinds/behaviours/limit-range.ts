import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidValue, required } from '../faults.ts';
import type { LimitRange, LimitRangeItem } from '../generated/types.ts';
import { compareQuantity } from '../quantity.ts';

const range = (object: KubeObject) => object as unknown as LimitRange;

export const limitRange: Behaviour = {
  createOnUpdate: true,
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
