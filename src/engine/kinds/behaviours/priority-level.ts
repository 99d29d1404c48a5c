import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { notSupported, required } from '../faults.ts';
import type { PriorityLevelConfiguration } from '../generated/types.ts';
import { pathSegmentName } from '../names.ts';
import { counted } from './strategy.ts';

const level = (object: KubeObject) => object as unknown as PriorityLevelConfiguration;

export const priorityLevel: Behaviour = {
  ...counted,
  validateName: pathSegmentName,
  cells(object, now) {
    const { metadata, spec } = level(object);
    const queuing = spec?.limited?.limitResponse?.queuing;
    const text = (value: number | undefined) => (value === undefined ? '<none>' : String(value));
    return [
      metadata.name,
      spec?.type ?? '',
      text(spec?.limited?.nominalConcurrencyShares),
      text(queuing?.queues),
      text(queuing?.handSize),
      text(queuing?.queueLengthLimit),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = level(object);
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    if (spec?.limited) {
      spec.limited.nominalConcurrencyShares ??= 30;
      spec.limited.lendablePercent ??= 0;
      const queuing = spec.limited.limitResponse?.queuing;
      if (queuing) {
        queuing.handSize ||= 8;
        queuing.queues ||= 64;
        queuing.queueLengthLimit ||= 50;
      }
    }
  },
  validate(object) {
    const { spec } = level(object);
    if (spec?.type !== 'Exempt' && spec?.type !== 'Limited')
      return [notSupported('spec.type', spec?.type, ['Exempt', 'Limited'])];
    return spec.type === 'Limited' && !spec.limited
      ? [required('spec.limited', 'must not be empty when type is Limited')]
      : [];
  },
};
