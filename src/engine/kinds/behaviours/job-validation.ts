import type { FieldFault } from '../contract.ts';
import { at, invalidValue, notSupported, required } from '../faults.ts';
import type { JobSpec } from '../generated/types.ts';
import { matchesSelector } from '../label-selector.ts';
import { validateTemplate } from './pod-validation.ts';
import { notNegative } from './strategy.ts';

export function validateJob(spec: JobSpec, path: string, isTemplate: boolean): FieldFault[] {
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
