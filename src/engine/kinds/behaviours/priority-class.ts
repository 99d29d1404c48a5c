import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField } from '../faults.ts';
import type { PriorityClass } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { countedWithoutStatus } from './strategy.ts';

const priority = (object: KubeObject) => object as unknown as PriorityClass;

const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

const USER_PRIORITY_MAX = 1_000_000_000;

export const priorityClass: Behaviour = {
  ...countedWithoutStatus,
  cells(object, now) {
    const { metadata, value, globalDefault, preemptionPolicy } = priority(object);
    return [
      metadata.name,
      value ?? 0,
      globalDefault ?? false,
      ageSince(metadata.creationTimestamp, now),
      preemptionPolicy ?? '',
    ];
  },
  setDefaults(object) {
    priority(object).preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate(object) {
    const { metadata, value = 0 } = priority(object);
    const faults: FieldFault[] = [];
    if (metadata.name.startsWith('system-')) {
      if (SYSTEM_PRIORITIES[metadata.name] !== value) {
        faults.push(
          forbiddenField(
            'metadata.name',
            `priority class names with 'system-' prefix are reserved for system use only. error: ${metadata.name} is not a known system priority class`,
          ),
        );
      }
    } else if (value > USER_PRIORITY_MAX) {
      faults.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`));
    }
    return faults;
  },
  validateUpdate(object, old) {
    const faults: FieldFault[] = [];
    if (priority(object).value !== priority(old).value)
      faults.push(forbiddenField('value', 'may not be changed in an update.'));
    return [
      ...faults,
      ...immutable(priority(object).preemptionPolicy, priority(old).preemptionPolicy, 'preemptionPolicy'),
    ];
  },
};
