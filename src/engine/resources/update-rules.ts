import { copy, type FieldFault, type KubeObject, type ResourceInfo } from '../kinds/index.ts';
import { ephemeralContainersRules } from './ephemeral-containers.ts';
import type { Mutable, Plain } from './object.ts';
import { resizeRules } from './resize.ts';

/** What an update of a path may change, and what it must hold to. */
export interface UpdateRules {
  prepare(object: Mutable, old: KubeObject): void;
  validate(object: Mutable, old: KubeObject): FieldFault[];
}

const none = (): FieldFault[] => [];

/** The rules of an update of the resource itself (no subresource) or of one of its subresources. */
export function updateRules(subresource: string, info: ResourceInfo): UpdateRules {
  const { behaviour } = info;
  switch (subresource) {
    case '':
      return {
        prepare: (object, old) => behaviour.prepareForUpdate?.(object, old),
        validate: (object, old) => (behaviour.validateUpdate ?? behaviour.validate ?? none)(object, old),
      };
    case 'status':
      return {
        prepare: (object, old) =>
          behaviour.prepareForStatusUpdate
            ? behaviour.prepareForStatusUpdate(object, old)
            : only('status', object, old),
        validate: (object, old) => behaviour.validateStatusUpdate?.(object, old) ?? [],
      };
    case 'finalize':
      return { prepare: finalizersOnly, validate: none };
    case 'approval':
      return { prepare: conditionsOfApproval, validate: none };
    case 'ephemeralcontainers':
      return ephemeralContainersRules;
    case 'resize':
      return resizeRules;
    default:
      return { prepare: () => {}, validate: none };
  }
}

/** Everything but this field and the metadata stays as it is. */
function only(field: string, object: Mutable, old: KubeObject): void {
  const before = old as unknown as Plain;
  for (const key of Object.keys(object)) {
    if (key !== field && key !== 'metadata' && !(key in before)) delete object[key];
  }
  for (const [key, value] of Object.entries(before)) {
    if (key !== field && key !== 'metadata') object[key] = copy(value);
  }
}

/** namespaces/finalize changes spec.finalizers. */
function finalizersOnly(object: Mutable, old: KubeObject): void {
  const spec = (object.spec ?? {}) as Plain;
  const before = old as unknown as Plain;
  object.spec = { ...(copy(before.spec) as Plain), ...(spec.finalizers ? { finalizers: spec.finalizers } : {}) };
  if (!spec.finalizers) delete (object.spec as Plain).finalizers;
  object.status = copy(before.status);
}

/** certificatesigningrequests/approval adds Approved and Denied conditions and nothing else. */
function conditionsOfApproval(object: Mutable, old: KubeObject): void {
  const before = old as unknown as { spec: unknown; status?: Plain };
  const status = (object.status ?? {}) as Plain;
  object.spec = copy(before.spec);
  object.status = { ...copy(before.status ?? {}), ...(status.conditions ? { conditions: status.conditions } : {}) };
}
