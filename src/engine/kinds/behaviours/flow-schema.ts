import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue, required } from '../faults.ts';
import type { FlowSchema } from '../generated/types.ts';
import { pathSegmentName } from '../names.ts';
import { counted } from './strategy.ts';

const flow = (object: KubeObject) => object as unknown as FlowSchema;

export const flowSchema: Behaviour = {
  ...counted,
  validateName: pathSegmentName,
  cells(object, now) {
    const { metadata, spec, status } = flow(object);
    const dangling = status?.conditions?.find((one) => one.type === 'Dangling')?.status;
    return [
      metadata.name,
      spec.priorityLevelConfiguration?.name ?? '',
      spec.matchingPrecedence ?? 0,
      spec.distinguisherMethod?.type ?? '<none>',
      ageSince(metadata.creationTimestamp, now),
      dangling ?? '?',
    ];
  },
  setDefaults(object) {
    const { spec } = flow(object);
    if (!spec) return;
    spec.matchingPrecedence ||= 1000;
  },
  validate(object) {
    const { spec } = flow(object);
    const faults: FieldFault[] = [];
    if (!spec?.priorityLevelConfiguration?.name)
      faults.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'));
    const precedence = spec?.matchingPrecedence ?? 0;
    if (precedence <= 0) faults.push(invalidValue('spec.matchingPrecedence', precedence, 'must be a positive value'));
    if (precedence > 10000)
      faults.push(invalidValue('spec.matchingPrecedence', precedence, 'must not be greater than 10000'));
    return faults;
  },
};
