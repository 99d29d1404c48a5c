import type { FieldFault } from '../contract.ts';
import { at, invalidAll, invalidValue, required } from '../faults.ts';
import type { ResourceRequirements } from '../generated/types.ts';
import { isQualifiedName } from '../names.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';

const STANDARD = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/;
/** Of a quota or limit range: what is counted besides. */
const isNative = (name: string) => !name.includes('/') || name.startsWith('kubernetes.io/');

/** The faults of a container's limits and requests (ValidateResourceRequirements). */
export function validateResources(resources: ResourceRequirements | undefined, path: string): FieldFault[] {
  if (!resources) return [];
  const faults: FieldFault[] = [];
  const { limits = {}, requests = {} } = resources;
  for (const [name, quantity] of Object.entries(limits)) {
    const place = at(`${path}.limits`, name);
    faults.push(...validateContainerResource(name, place), ...validateAmount(name, quantity, place));
  }
  for (const [name, quantity] of Object.entries(requests)) {
    const place = at(`${path}.requests`, name);
    faults.push(...validateContainerResource(name, place), ...validateAmount(name, quantity, place));
    const limit = limits[name];
    const overcommits = STANDARD.test(name) && !name.startsWith('hugepages-');
    if (limit !== undefined) {
      if (!overcommits && compareQuantity(quantity, limit) !== 0) {
        faults.push(invalidValue(`${path}.requests`, String(quantity), `must be equal to ${name} limit of ${limit}`));
      } else if (compareQuantity(quantity, limit) > 0) {
        const text = `must be less than or equal to ${name} limit of ${limit}`;
        faults.push(invalidValue(`${path}.requests`, String(quantity), text));
      }
    } else if (!overcommits) {
      faults.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    }
  }
  return faults;
}

function validateContainerResource(name: string, path: string): FieldFault[] {
  const faults = invalidAll(path, name, isQualifiedName(name));
  if (faults.length > 0) return faults;
  if (!name.includes('/') && !STANDARD.test(name)) {
    return [
      invalidValue(path, name, 'must be a standard resource type or fully qualified'),
      invalidValue(path, name, 'must be a standard resource for containers'),
    ];
  }
  return [];
}

/** The faults of one amount: not below zero, and whole where it counts things. */
export function validateAmount(name: string, quantity: string | number, path: string): FieldFault[] {
  const exact = parseQuantity(quantity);
  const faults: FieldFault[] = [];
  if (exact.value < 0n) faults.push(invalidValue(path, String(quantity), 'must be greater than or equal to 0'));
  if (exact.scale < 0 && (!isNative(name) || COUNTED.test(name))) {
    faults.push(invalidValue(path, String(quantity), 'must be an integer'));
  }
  return faults;
}

const COUNTED =
  /^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.\w+|count\/.+)$/;
