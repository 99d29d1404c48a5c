import { isDeepStrictEqual } from 'node:util';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidValue, required } from '../faults.ts';
import type { LabelSelector, Pod, PodSpec } from '../generated/types.ts';
import { copy } from '../object-meta.ts';
import { pod as cells } from './pod-cells.ts';
import { setPodDefaults, setPodSpecDefaults } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { quality } from './quality.ts';
import { countGeneration, keepAllButStatus, keepStatus, loose } from './strategy.ts';

const asPod = (object: KubeObject) => object as unknown as Pod;

const UPDATE_TEXT =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const pod: Behaviour = {
  cells,
  setDefaults(object) {
    const { spec } = asPod(object);
    setPodSpecDefaults(spec);
    setPodDefaults(spec);
  },
  prepareForCreate(object) {
    const own = asPod(object);
    own.metadata.generation = 1;
    own.status = { phase: 'Pending', qosClass: quality(own.spec) };
    mergeLabelKeys(own);
    if ((own.spec.schedulingGates ?? []).length > 0) {
      own.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
          observedGeneration: 1,
        },
      ];
    }
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
    countGeneration(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
    const own = asPod(object);
    const before = asPod(old);
    own.status.qosClass ||= before.status.qosClass ?? quality(own.spec);
    if (before.metadata.ownerReferences) own.metadata.ownerReferences = copy(before.metadata.ownerReferences);
    else delete own.metadata.ownerReferences;
  },
  validate(object) {
    const { spec } = asPod(object);
    const faults = validatePodSpec(spec, 'spec', true);
    if ((spec.ephemeralContainers ?? []).length > 0) {
      faults.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
    }
    if ((spec.schedulingGates ?? []).length > 0 && spec.nodeName) {
      faults.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
    }
    return faults;
  },
  warnings: (object) => podWarnings(asPod(object).spec, 'spec'),
  validateUpdate: (object, old) => validatePodUpdate(asPod(object).spec, asPod(old).spec),
  selectableFields: {
    'spec.nodeName': (object) => asPod(object).spec.nodeName ?? '',
    'spec.restartPolicy': (object) => asPod(object).spec.restartPolicy ?? '',
    'spec.schedulerName': (object) => asPod(object).spec.schedulerName ?? '',
    'spec.serviceAccountName': (object) => asPod(object).spec.serviceAccountName ?? '',
    'spec.hostNetwork': (object) => String(asPod(object).spec.hostNetwork ?? false),
    'status.phase': (object) => asPod(object).status.phase ?? '',
    'status.podIP': (object) => asPod(object).status.podIP ?? '',
    'status.podIPs': (object) =>
      asPod(object)
        .status.podIPs?.map((one) => one.ip)
        .join(',') ?? '',
    'status.nominatedNodeName': (object) => asPod(object).status.nominatedNodeName ?? '',
  },
};

/** matchLabelKeys and mismatchLabelKeys: the pod's own values become part of the selectors, once and for all. */
function mergeLabelKeys({ metadata, spec }: Pod): void {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms: Merging[] = [podAffinity, podAntiAffinity].flatMap((rules) => [
    ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => one.podAffinityTerm),
  ]);
  for (const term of [...terms, ...(spec.topologySpreadConstraints ?? [])] as Merging[]) {
    const { labelSelector } = term;
    if (!labelSelector) continue;
    const add = (keys: readonly string[] | undefined, operator: 'In' | 'NotIn') => {
      for (const key of keys ?? []) {
        const value = metadata.labels?.[key];
        if (value === undefined) continue;
        labelSelector.matchExpressions = [
          ...(labelSelector.matchExpressions ?? []),
          { key, operator, values: [value] },
        ];
      }
    };
    add(term.matchLabelKeys, 'In');
    add(term.mismatchLabelKeys, 'NotIn');
  }
}

interface Merging {
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
}

/** The faults of a change of a pod's spec: nearly all of it is fixed. */
function validatePodUpdate(now: PodSpec, before: PodSpec): FieldFault[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((now[list]?.length ?? 0) !== (before[list]?.length ?? 0)) {
      return [forbiddenField(`spec.${list}`, `pod updates may not add or remove containers`)];
    }
  }
  const faults: FieldFault[] = [];
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (now[list] ?? []).entries()) {
      if (!container.image) faults.push(required(`${at(`spec.${list}`, index)}.image`));
      else if (container.image !== container.image.trim()) {
        faults.push(
          invalidValue(
            `${at(`spec.${list}`, index)}.image`,
            container.image,
            'must not have leading or trailing whitespace',
          ),
        );
      }
    }
  }
  faults.push(
    ...validateDeadline(now, before),
    ...validateTolerationAdditions(now, before),
    ...validateGateRemovals(now, before),
  );
  if (faults.length > 0) return faults;
  const allowed = masked(now, before);
  if (isDeepStrictEqual(allowed, before)) return [];
  return [forbiddenField('spec', `${UPDATE_TEXT}\n${difference(before, allowed)}`)];
}

function validateDeadline(now: PodSpec, before: PodSpec): FieldFault[] {
  const [value, old] = [now.activeDeadlineSeconds, before.activeDeadlineSeconds];
  if (value === old) return [];
  if (value === undefined)
    return [invalidValue('spec.activeDeadlineSeconds', null, `must not update from a positive integer to nil value`)];
  if (value < 0 || value > 2147483647)
    return [invalidValue('spec.activeDeadlineSeconds', value, 'must be between 0 and 2147483647, inclusive')];
  if (old !== undefined && old < value)
    return [invalidValue('spec.activeDeadlineSeconds', value, 'must be less than or equal to previous value')];
  return [];
}

function validateTolerationAdditions(now: PodSpec, before: PodSpec): FieldFault[] {
  for (const old of before.tolerations ?? []) {
    const kept = now.tolerations?.some((one) => sameBut(one, old, 'tolerationSeconds'));
    if (!kept)
      return [
        forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
      ];
  }
  return [];
}

function sameBut(one: object, two: object, field: string): boolean {
  return isDeepStrictEqual({ ...one, [field]: undefined }, { ...two, [field]: undefined });
}

function validateGateRemovals(now: PodSpec, before: PodSpec): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, gate] of (now.schedulingGates ?? []).entries()) {
    if (!before.schedulingGates?.some((one) => one.name === gate.name)) {
      faults.push(
        forbiddenField(
          at('spec.schedulingGates', index),
          `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
        ),
      );
    }
  }
  return faults;
}

/** The new spec with everything put back that may change: equal to the old one, or the change is refused. */
function masked(now: PodSpec, before: PodSpec): PodSpec {
  const made: PodSpec = { ...now };
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = now[list]?.map((container, index) => {
      const image = before[list]?.[index]?.image;
      return image === undefined ? container : { ...container, image };
    });
    if (containers) made[list] = containers;
  }
  const put = <K extends keyof PodSpec>(field: K) => {
    if (before[field] === undefined) delete made[field];
    else made[field] = before[field];
  };
  put('activeDeadlineSeconds');
  put('tolerations');
  put('schedulingGates');
  // While gates hold the pod back, its placement may still be narrowed.
  if ((before.schedulingGates ?? []).length > 0) {
    put('nodeSelector');
    put('affinity');
  }
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1)
    put('terminationGracePeriodSeconds');
  return made;
}

/** The fields that differ, as lines of old and new. */
export function difference(before: object, now: object, path = ''): string {
  const lines: string[] = [];
  const [one, two] = [before as Record<string, unknown>, now as Record<string, unknown>];
  for (const key of [...new Set([...Object.keys(one), ...Object.keys(two)])].sort()) {
    if (isDeepStrictEqual(one[key], two[key])) continue;
    const place = path ? `${path}.${key}` : key;
    const [a, b] = [one[key], two[key]];
    if (a && b && typeof a === 'object' && typeof b === 'object') lines.push(difference(a, b, place));
    else {
      if (a !== undefined) lines.push(`- ${place}: ${JSON.stringify(a)}`);
      if (b !== undefined) lines.push(`+ ${place}: ${JSON.stringify(b)}`);
    }
  }
  return lines.join('\n');
}
