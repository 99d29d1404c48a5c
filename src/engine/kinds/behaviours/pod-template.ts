import type { Behaviour } from '../contract.ts';
import type { PodTemplate } from '../generated/types.ts';
import { formatLabels } from '../label-selector.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { countedWithoutStatus } from './strategy.ts';
import { containerCells } from './workload-cells.ts';

export const podTemplate: Behaviour = {
  ...countedWithoutStatus,
  cells(object) {
    const { metadata, template } = object as unknown as PodTemplate;
    return [metadata.name, ...containerCells(template?.spec), formatLabels(template?.metadata?.labels)];
  },
  setDefaults(object) {
    setTemplateDefaults((object as unknown as PodTemplate).template);
  },
};
