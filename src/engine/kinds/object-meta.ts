import { isDeepStrictEqual } from 'node:util';
import type { FieldFault, KubeObject, ResourceInfo } from './contract.ts';
import { at, forbiddenField, invalidAll, invalidValue, required, tooLong } from './faults.ts';
import type { LabelSelector, ObjectMeta, OwnerReference } from './generated/types.ts';
import { dnsLabelName, dnsSubdomainName, isLabelValue, isQualifiedName } from './names.ts';

const ANNOTATION_BYTES_MAX = 256 * 1024;
export const IMMUTABLE = 'field is immutable';

/** The faults of an object's metadata on create (apimachinery's ValidateObjectMeta). */
export function validateObjectMeta(
  metadata: ObjectMeta,
  info: Pick<ResourceInfo, 'namespaced' | 'behaviour'>,
  path = 'metadata',
): FieldFault[] {
  const rule = info.behaviour.validateName ?? dnsSubdomainName;
  const faults: FieldFault[] = [];
  if (metadata.generateName) {
    faults.push(...invalidAll(`${path}.generateName`, metadata.generateName, rule(metadata.generateName, true)));
  }
  if (!metadata.name) faults.push(required(`${path}.name`, 'name or generateName is required'));
  else faults.push(...invalidAll(`${path}.name`, metadata.name, rule(metadata.name, false)));
  if (info.namespaced) {
    if (!metadata.namespace) faults.push(required(`${path}.namespace`));
    else faults.push(...invalidAll(`${path}.namespace`, metadata.namespace, dnsLabelName(metadata.namespace, false)));
  } else if (metadata.namespace) {
    faults.push(forbiddenField(`${path}.namespace`, 'not allowed on this type'));
  }
  if ((metadata.generation ?? 0) < 0) {
    faults.push(invalidValue(`${path}.generation`, metadata.generation, 'must be greater than or equal to 0'));
  }
  faults.push(...commonFaults(metadata, path));
  for (const finalizer of metadata.finalizers ?? []) {
    faults.push(...invalidAll(`${path}.finalizers`, finalizer, isQualifiedName(finalizer)));
  }
  const finalizers = new Set(metadata.finalizers);
  if (finalizers.has('orphan') && finalizers.has('foregroundDeletion')) {
    faults.push(
      invalidValue(
        `${path}.finalizers`,
        metadata.finalizers,
        'finalizer orphan and foregroundDeletion cannot be both set',
      ),
    );
  }
  return faults;
}

/** The faults of a change of metadata (apimachinery's ValidateObjectMetaUpdate). */
export function validateObjectMetaUpdate(metadata: ObjectMeta, old: ObjectMeta, path = 'metadata'): FieldFault[] {
  const faults: FieldFault[] = [];
  if (old.deletionTimestamp) {
    const extra = (metadata.finalizers ?? []).filter((one) => !old.finalizers?.includes(one)).sort();
    if (extra.length > 0) {
      const listed = `[]string{${extra.map((one) => JSON.stringify(one)).join(', ')}}`;
      faults.push(
        forbiddenField(
          `${path}.finalizers`,
          `no new finalizers can be added if the object is being deleted, found new finalizers ${listed}`,
        ),
      );
    }
  }
  if (!metadata.resourceVersion) {
    faults.push(invalidValue(`${path}.resourceVersion`, '', 'must be specified for an update'));
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    faults.push(invalidValue(`${path}.generation`, metadata.generation ?? 0, 'must not be decremented'));
  }
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  for (const field of fixed) {
    if ((metadata[field] ?? '') !== (old[field] ?? '')) {
      faults.push(invalidValue(`${path}.${field}`, metadata[field] ?? null, IMMUTABLE));
    }
  }
  faults.push(...commonFaults(metadata, path));
  return faults;
}

function commonFaults(metadata: ObjectMeta, path: string): FieldFault[] {
  return [
    ...validateLabels(metadata.labels, `${path}.labels`),
    ...validateAnnotations(metadata.annotations, `${path}.annotations`),
    ...validateOwners(metadata.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateManagedFields(metadata, `${path}.managedFields`),
  ];
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    faults.push(...invalidAll(path, key, isQualifiedName(key)), ...invalidAll(path, value, isLabelValue(value)));
  }
  return faults;
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): FieldFault[] {
  const faults: FieldFault[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    faults.push(...invalidAll(path, key, isQualifiedName(key.toLowerCase())));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATION_BYTES_MAX) faults.push(tooLong(path, ANNOTATION_BYTES_MAX));
  return faults;
}

function validateOwners(owners: readonly OwnerReference[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  let controller = '';
  for (const owner of owners) {
    if (!owner.apiVersion) faults.push(invalidValue(`${path}.apiVersion`, '', 'version must not be empty'));
    if (!owner.kind) faults.push(invalidValue(`${path}.kind`, '', 'must not be empty'));
    if (!owner.name) faults.push(invalidValue(`${path}.name`, '', 'must not be empty'));
    if (!owner.uid) faults.push(invalidValue(`${path}.uid`, '', 'must not be empty'));
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      faults.push(invalidValue(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller) {
      faults.push(
        invalidValue(
          path,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
    } else controller = name;
  }
  return faults;
}

function validateManagedFields(metadata: ObjectMeta, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, entry] of (metadata.managedFields ?? []).entries()) {
    const place = at(path, index);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      faults.push(invalidValue(`${place}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      faults.push(invalidValue(`${place}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    faults.push(...validateFieldManager(entry.manager ?? '', `${place}.manager`));
    if ((entry.subresource ?? '').length > 256) faults.push(tooLong(`${place}.subresource`, 256));
  }
  return faults;
}

/** The name of a field manager: 128 bytes of printable signs. */
export function validateFieldManager(manager: string, path = 'fieldManager'): FieldFault[] {
  const faults: FieldFault[] = [];
  if (Buffer.byteLength(manager) > 128) faults.push(tooLong(path, 128));
  let position = 0;
  for (const sign of manager) {
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(sign)) {
      const code = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      faults.push(invalidValue(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(sign);
  }
  return faults;
}

/** The faults of a label selector (metav1's ValidateLabelSelector). */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string): FieldFault[] {
  if (!selector) return [];
  const faults = validateLabels(selector.matchLabels, `${path}.matchLabels`);
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const place = at(`${path}.matchExpressions`, index);
    const values = expression.values ?? [];
    if (expression.operator === 'In' || expression.operator === 'NotIn') {
      if (values.length === 0) {
        faults.push(required(`${place}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (expression.operator === 'Exists' || expression.operator === 'DoesNotExist') {
      if (values.length > 0) {
        faults.push(
          forbiddenField(`${place}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      }
    } else faults.push(invalidValue(`${place}.operator`, expression.operator, 'not a valid selector operator'));
    faults.push(...invalidAll(`${place}.key`, expression.key, isQualifiedName(expression.key)));
    for (const [valueIndex, value] of values.entries()) {
      faults.push(...invalidAll(at(`${place}.values`, valueIndex), value, isLabelValue(value)));
    }
  }
  return faults;
}

/** A fault when the value changed. */
export function immutable(now: unknown, before: unknown, path: string, text: string = IMMUTABLE): FieldFault[] {
  return isDeepStrictEqual(now, before) ? [] : [invalidValue(path, now ?? null, text)];
}

/** The object's own copy of everything, to write to. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value === null || typeof value !== 'object') return value;
  const made: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    const copied = one !== null && typeof one === 'object' ? copy(one) : one;
    if (key === '__proto__')
      Object.defineProperty(made, key, { value: copied, enumerable: true, writable: true, configurable: true });
    else made[key] = copied;
  }
  return made as T;
}

/** `spec`, `status` and the like of an object whose type is not known here. */
export function part(object: KubeObject, field: string): unknown {
  return (object as unknown as Record<string, unknown>)[field];
}
