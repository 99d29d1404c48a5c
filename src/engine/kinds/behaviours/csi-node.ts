import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import { at, required } from '../faults.ts';
import type { CSINode } from '../generated/types.ts';

export const csiNode: Behaviour = {
  unconditionalUpdate: false,
  cells(object, now) {
    const { metadata, spec } = object as unknown as CSINode;
    return [metadata.name, spec.drivers?.length ?? 0, ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const { spec } = object as unknown as CSINode;
    return (spec.drivers ?? []).flatMap((driver, index) => [
      ...(driver.name ? [] : [required(`${at('spec.drivers', index)}.name`)]),
      ...(driver.nodeID ? [] : [required(`${at('spec.drivers', index)}.nodeID`)]),
    ]);
  },
};
