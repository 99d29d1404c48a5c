import { isDeepStrictEqual } from 'node:util';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidValue, notSupported, required } from '../faults.ts';
import type { CronJob, Job, JobSpec, PodTemplateSpec } from '../generated/types.ts';
import { matchesSelector } from '../label-selector.ts';
import { immutable } from '../object-meta.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { validateTemplate } from './pod-validation.ts';
import { counted, keepAllButStatus, loose, notNegative } from './strategy.ts';
import { job as cells, cronJob as cronCells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as Job;
const cron = (object: KubeObject) => object as unknown as CronJob;

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

function validateJob(spec: JobSpec, path: string, isTemplate: boolean): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const field of [
    'parallelism',
    'completions',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'activeDeadlineSeconds',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    faults.push(...notNegative(spec[field], `${path}.${field}`));
  }
  if (spec.completionMode !== 'NonIndexed' && spec.completionMode !== 'Indexed') {
    faults.push(notSupported(`${path}.completionMode`, spec.completionMode, ['Indexed', 'NonIndexed']));
  }
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) faults.push(required(`${path}.completions`, 'when completion mode is Indexed'));
    if ((spec.parallelism ?? 0) > 100_000) {
      faults.push(
        invalidValue(
          `${path}.parallelism`,
          spec.parallelism,
          'must be less than or equal to 100000 when completion mode is Indexed',
        ),
      );
    }
  } else if (spec.backoffLimitPerIndex !== undefined) {
    faults.push(
      invalidValue(`${path}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode'),
    );
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    faults.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  const template = spec.template ?? {};
  if (!isTemplate && spec.selector && !matchesSelector(spec.selector, template.metadata?.labels)) {
    faults.push(
      invalidValue(
        `${path}.template.metadata.labels`,
        template.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    );
  }
  if (!isTemplate && !spec.selector) faults.push(required(`${path}.selector`));
  if (isTemplate && spec.manualSelector) {
    faults.push(notSupported(`${path}.manualSelector`, spec.manualSelector, ['nil', 'false']));
  }
  faults.push(...validateTemplate(template, `${path}.template`));
  const restart = template.spec?.restartPolicy;
  const place = `${path}.template.spec.restartPolicy`;
  if (restart === undefined || restart === 'Always') faults.push(required(place, 'valid values: "OnFailure", "Never"'));
  else if (restart !== 'OnFailure' && restart !== 'Never')
    faults.push(notSupported(place, restart, ['OnFailure', 'Never']));
  else if (spec.podFailurePolicy && restart !== 'Never') {
    faults.push(invalidValue(place, restart, 'only "Never" is supported when podFailurePolicy is specified'));
  }
  if (spec.successPolicy && spec.completionMode !== 'Indexed') {
    faults.push(invalidValue(`${path}.successPolicy`, spec.successPolicy, 'requires indexed completion mode'));
  }
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const rulePath = at(`${path}.podFailurePolicy.rules`, index);
    if (!['Count', 'FailIndex', 'FailJob', 'Ignore'].includes(rule.action)) {
      faults.push(
        rule.action
          ? notSupported(`${rulePath}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'])
          : required(`${rulePath}.action`, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'),
      );
    }
    if (!rule.onExitCodes && (rule.onPodConditions ?? []).length === 0) {
      faults.push(invalidValue(rulePath, rule, 'specifying one of OnExitCodes and OnPodConditions is required'));
    } else if (rule.onExitCodes && (rule.onPodConditions ?? []).length > 0) {
      faults.push(invalidValue(rulePath, rule, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    }
  }
  return faults;
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

export const cronJob: Behaviour = {
  ...counted,
  cells: cronCells,
  setDefaults(object) {
    const { spec } = cron(object);
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    setTemplateDefaults(spec.jobTemplate?.spec?.template);
    for (const rule of spec.jobTemplate?.spec?.podFailurePolicy?.rules ?? []) {
      for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
    }
  },
  validate(object) {
    const { metadata, spec } = cron(object);
    const faults = validateCron(cron(object));
    if (metadata.name.length > 52)
      faults.push(invalidValue('metadata.name', metadata.name, 'must be no more than 52 characters'));
    return spec ? faults : [required('spec')];
  },
  validateUpdate: (object) => validateCron(cron(object)),
};

const SCHEDULE_FIELD = /^[\d*/,\-?A-Za-z#]+$/;

function validateCron({ spec }: CronJob): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!spec.schedule) faults.push(required('spec.schedule'));
  else {
    const text = scheduleFault(spec.schedule);
    if (text) faults.push(invalidValue('spec.schedule', spec.schedule, text));
    if (/TZ=/.test(spec.schedule)) {
      faults.push(
        invalidValue(
          'spec.schedule',
          spec.schedule,
          'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
        ),
      );
    }
  }
  if (spec.timeZone !== undefined) faults.push(...validateTimeZone(spec.timeZone));
  if (!['Allow', 'Forbid', 'Replace'].includes(spec.concurrencyPolicy ?? '')) {
    faults.push(notSupported('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']));
  }
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    faults.push(...notNegative(spec[field], `spec.${field}`));
  }
  const template = spec.jobTemplate?.spec;
  if (template)
    faults.push(
      ...validateJob(
        { ...template, completionMode: template.completionMode ?? 'NonIndexed' },
        'spec.jobTemplate.spec',
        true,
      ),
    );
  return faults;
}

function scheduleFault(schedule: string): string | undefined {
  const text = schedule.replace(/^(CRON_)?TZ=\S+\s+/, '').trim();
  if (text.startsWith('@')) {
    return /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)$/.test(text)
      ? undefined
      : `unrecognized descriptor: ${text}`;
  }
  const fields = text.split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    const fault = SCHEDULE_FIELD.test(field)
      ? rangeFault(field, RANGES[index] ?? [0, 59, []])
      : `failed to parse int from ${field}`;
    if (fault) return fault;
  }
  return undefined;
}

type Range = readonly [low: number, high: number, names: readonly string[]];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const RANGES: readonly Range[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, ['', ...MONTHS]],
  [0, 6, DAYS],
];

/** One field of a schedule: lists of `*`, numbers, names and ranges with a step. */
function rangeFault(field: string, [low, high, names]: Range): string | undefined {
  for (const term of field.split(',')) {
    const [span = '', step, ...more] = term.split('/');
    if (more.length > 0) return `too many slashes: ${term}`;
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `failed to parse int from ${step}`;
    if (span === '*' || span === '?') continue;
    const ends = span.split('-');
    if (ends.length > 2) return `too many hyphens: ${term}`;
    const values = ends.map((end) => {
      const index = names.indexOf(end.toLowerCase());
      return index >= 0 ? index : /^\d+$/.test(end) ? Number(end) : Number.NaN;
    });
    const bad = values.findIndex((value) => Number.isNaN(value));
    if (bad >= 0)
      return `failed to parse int from ${ends[bad]}: strconv.Atoi: parsing ${JSON.stringify(ends[bad])}: invalid syntax`;
    const [start = 0, end = start] = values;
    if (start < low) return `beginning of range (${start}) below minimum (${low}): ${term}`;
    if (end > high) return `end of range (${end}) above maximum (${high}): ${term}`;
    if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${term}`;
  }
  return undefined;
}

function validateTimeZone(zone: string): FieldFault[] {
  if (!zone) return [invalidValue('spec.timeZone', zone, 'timeZone must be nil or non-empty string')];
  if (zone.toLowerCase() === 'local')
    return [
      invalidValue(
        'spec.timeZone',
        zone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    ];
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return [];
  } catch {
    return [invalidValue('spec.timeZone', zone, `unknown time zone ${zone}`)];
  }
}
