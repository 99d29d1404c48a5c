import type { FieldFault } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type { LabelSelector, PodTemplateSpec } from '../generated/types.ts';
import { matchesSelector } from '../label-selector.ts';
import { isPercent } from '../names.ts';
import { validateLabelSelector } from '../object-meta.ts';
import { validateTemplate } from './pod-validation.ts';

/** What Deployments, ReplicaSets, StatefulSets and DaemonSets ask of their selector and template alike. */
export function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  path: string,
  kind: string,
): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!selector) faults.push(required(`${path}.selector`));
  else {
    faults.push(...validateLabelSelector(selector, `${path}.selector`));
    if (isEmpty(selector)) {
      faults.push(invalidValue(`${path}.selector`, selector, `empty selector is invalid for ${kind}`));
    } else if (faults.length === 0 && !matchesSelector(selector, template.metadata?.labels)) {
      faults.push(
        invalidValue(
          `${path}.template.metadata.labels`,
          template.metadata?.labels ?? null,
          '`selector` does not match template `labels`',
        ),
      );
    }
  }
  faults.push(...validateTemplate(template, `${path}.template`));
  const restart = template.spec?.restartPolicy;
  if (restart && restart !== 'Always')
    faults.push(notSupported(`${path}.template.spec.restartPolicy`, restart, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    faults.push(
      forbiddenField(
        `${path}.template.spec.activeDeadlineSeconds`,
        `activeDeadlineSeconds in ${DEADLINE_KINDS[kind] ?? 'ReplicaSet'} is not Supported`,
      ),
    );
  }
  return faults;
}

const DEADLINE_KINDS: Readonly<Record<string, string>> = { statefulset: 'StatefulSet', daemonset: 'DaemonSet' };

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/** A count or a percentage up to 100. */
export function validateShare(value: number | string | undefined, path: string, percentMax = 100): FieldFault[] {
  if (value === undefined) return [];
  if (typeof value === 'number') {
    return value < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : [];
  }
  const texts = isPercent(value);
  if (texts.length > 0) {
    return [invalidValue(path, value, `${texts[0]}`)];
  }
  return Number.parseInt(value, 10) > percentMax ? [invalidValue(path, value, 'must not be greater than 100%')] : [];
}

/** Whether a count or percentage is nothing at all. */
export const isNothing = (value: number | string | undefined) => value === 0 || value === '0%' || value === undefined;
