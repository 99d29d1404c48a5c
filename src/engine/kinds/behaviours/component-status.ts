import type { Behaviour } from '../contract.ts';
import type { ComponentStatus } from '../generated/types.ts';

export const componentStatus: Behaviour = {
  cells(object) {
    const { metadata, conditions = [] } = object as unknown as ComponentStatus;
    const healthy = conditions.find((one) => one.type === 'Healthy');
    const state = healthy?.status === 'True' ? 'Healthy' : healthy?.status === 'False' ? 'Unhealthy' : 'Unknown';
    return [metadata.name, state, healthy?.message ?? '', healthy?.error ?? ''];
  },
};
