import { isDeepStrictEqual } from 'node:util';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type { PodTemplateSpec, StatefulSet, StatefulSetSpec } from '../generated/types.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, notNegative } from './strategy.ts';
import { validateSelectorAndTemplate, validateShare } from './workload.ts';
import { statefulSet as cells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as StatefulSet;
const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export const statefulSet: Behaviour = {
  ...counted,
  cells,
  setDefaults(object) {
    const { spec } = own(object);
    spec.podManagementPolicy ||= 'OrderedReady';
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    setTemplateDefaults(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.kind ||= 'PersistentVolumeClaim';
      claim.apiVersion ||= 'v1';
      claim.spec.volumeMode ??= 'Filesystem';
      claim.status ??= {};
      claim.status.phase ||= 'Pending';
    }
  },
  warnings: (object) => templateWarnings(own(object).spec.template, 'spec.template'),
  validate: (object) => validateSpec(own(object)),
  validateUpdate(object, old) {
    const faults = validateSpec(own(object));
    const fixed = (set: StatefulSet) => {
      const rest: Record<string, unknown> = { ...set.spec };
      for (const field of MUTABLE) delete rest[field];
      return rest;
    };
    if (!isDeepStrictEqual(fixed(own(object)), fixed(own(old)))) {
      faults.push(
        forbiddenField(
          'spec',
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      );
    }
    return faults;
  },
};

function validateSpec({ spec }: StatefulSet): FieldFault[] {
  const faults: FieldFault[] = [];
  const policy = spec.podManagementPolicy;
  if (!policy) faults.push(required('spec.podManagementPolicy'));
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    faults.push(invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  const strategy = spec.updateStrategy ?? {};
  if (!strategy.type) faults.push(required('spec.updateStrategy'));
  else if (strategy.type === 'OnDelete') {
    if (strategy.rollingUpdate) {
      faults.push(
        invalidValue(
          'spec.updateStrategy.rollingUpdate',
          strategy.rollingUpdate,
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      );
    }
  } else if (strategy.type === 'RollingUpdate') {
    faults.push(...notNegative(strategy.rollingUpdate?.partition, 'spec.updateStrategy.rollingUpdate.partition'));
    faults.push(
      ...validateShare(strategy.rollingUpdate?.maxUnavailable, 'spec.updateStrategy.rollingUpdate.maxUnavailable'),
    );
    if (strategy.rollingUpdate?.maxUnavailable === 0) {
      faults.push(invalidValue('spec.updateStrategy.rollingUpdate.maxUnavailable', 0, 'cannot be 0'));
    }
  } else faults.push(invalidValue('spec.updateStrategy', strategy, "must be 'RollingUpdate' or 'OnDelete'"));
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[field];
    if (value && value !== 'Retain' && value !== 'Delete') {
      faults.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, ['Retain', 'Delete']));
    }
  }
  return [
    ...faults,
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.ordinals?.start, 'spec.ordinals.start'),
    ...validateSelectorAndTemplate(spec.selector, withClaims(spec), 'spec', 'statefulset'),
  ];
}

/** A claim of the set is a volume of each pod, in place of one of the same name. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  if (!template.spec || volumeClaimTemplates.length === 0) return template;
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name));
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claims] } };
}
