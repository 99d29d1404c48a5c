import type { Behaviour, KubeObject } from '../contract.ts';
import type { PodTemplate } from '../generated/types.ts';
import { formatLabels } from '../label-selector.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { validateTemplate } from './pod-validation.ts';
import { countedWithoutStatus } from './strategy.ts';
import { containerCells } from './workload-cells.ts';

const own = (object: KubeObject) => object as unknown as PodTemplate;

export const podTemplate: Behaviour = {
  ...countedWithoutStatus,
  cells(object) {
    const { metadata, template } = own(object);
    return [metadata.name, ...containerCells(template?.spec), formatLabels(template?.metadata?.labels)];
  },
  validate: (object) => validateTemplate(own(object).template ?? {}, 'template'),
  validateUpdate: (object) => validateTemplate(own(object).template ?? {}, 'template'),
  setDefaults(object) {
    setTemplateDefaults(own(object).template);
  },
};
