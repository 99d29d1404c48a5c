import { isDeepStrictEqual } from 'node:util';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue } from '../faults.ts';
import type { Job, JobSpec, PodTemplateSpec } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { validateJob } from './job-validation.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, keepAllButStatus, loose } from './strategy.ts';
import { job as cells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as Job;

export const job: Behaviour = {
  ...counted,
  cells,
  setDefaults(object) {
    const { spec } = own(object);
    // One pod at a time until one succeeds, unless told otherwise.
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
    spec.parallelism ??= 1;
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
    spec.completionMode ??= 'NonIndexed';
    spec.suspend ??= false;
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
    spec.manualSelector ??= false;
    for (const rule of spec.podFailurePolicy?.rules ?? []) {
      for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
    }
    setTemplateDefaults(spec.template);
  },
  prepareForCreate(object) {
    counted.prepareForCreate?.(object);
    const { metadata, spec } = own(object);
    spec.template ??= {};
    if (!spec.manualSelector) generateSelector(metadata.name, metadata.uid, spec);
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
  warnings: (object) => templateWarnings(own(object).spec.template, 'spec.template'),
  validate: (object) => validateJob(own(object).spec, 'spec', false),
  validateUpdate: (object, old) => [
    ...validateJob(own(object).spec, 'spec', false),
    ...validateUpdate(own(object).spec, own(old)),
  ],
  selectableFields: { 'status.successful': (object) => String(own(object).status.succeeded ?? 0) },
};

/** Labels of its own, so that no other job's pods match. The old names stay for those who select by them. */
function generateSelector(name: string, uid: string, spec: JobSpec): void {
  spec.template.metadata ??= {} as NonNullable<PodTemplateSpec['metadata']>;
  const labels = { ...spec.template.metadata.labels };
  labels['batch.kubernetes.io/job-name'] = name;
  labels['job-name'] = name;
  labels['batch.kubernetes.io/controller-uid'] = uid;
  labels['controller-uid'] = uid;
  spec.template.metadata.labels = labels;
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid };
}

/** What a suspended job that never started may still change: where and with what its pods will run. */
const PLACEMENT = ['nodeSelector', 'tolerations', 'affinity', 'schedulingGates'] as const;

function validateUpdate(now: JobSpec, oldJob: Job): FieldFault[] {
  const before = oldJob.spec;
  const faults: FieldFault[] = [];
  const elastic = now.completionMode === 'Indexed' && now.completions === now.parallelism;
  if (!elastic || now.completions === undefined)
    faults.push(...immutable(now.completions, before.completions, 'spec.completions'));
  faults.push(...immutable(now.selector, before.selector, 'spec.selector'));
  const fresh = before.suspend === true && !oldJob.status.startTime;
  const template = (spec: JobSpec) => {
    if (!fresh) return spec.template;
    const made = structuredClone(spec.template);
    for (const field of PLACEMENT) if (made.spec) delete made.spec[field];
    for (const container of [...(made.spec?.containers ?? []), ...(made.spec?.initContainers ?? [])])
      delete container.resources;
    if (made.metadata) {
      delete made.metadata.annotations;
      delete made.metadata.labels;
    }
    return made;
  };
  if (!isDeepStrictEqual(template(now), template(before)))
    faults.push(invalidValue('spec.template', now.template, 'field is immutable'));
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    faults.push(...immutable(now[field], before[field], `spec.${field}`));
  }
  return faults;
}
