import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue, notSupported, required } from '../faults.ts';
import type { CronJob } from '../generated/types.ts';
import { validateJob } from './job-validation.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { templateWarnings } from './pod-warnings.ts';
import { scheduleFault } from './schedule.ts';
import { counted, notNegative } from './strategy.ts';
import { cronJob as cronCells } from './workload-cells.ts';

const cron = (object: KubeObject) => object as unknown as CronJob;

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
  warnings: (object) =>
    templateWarnings(cron(object).spec.jobTemplate?.spec?.template, 'spec.jobTemplate.spec.template'),
  validate(object) {
    const { metadata, spec } = cron(object);
    const faults = validateCron(cron(object));
    if (metadata.name.length > 52)
      faults.push(invalidValue('metadata.name', metadata.name, 'must be no more than 52 characters'));
    return spec ? faults : [required('spec')];
  },
  validateUpdate: (object) => validateCron(cron(object)),
};

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
