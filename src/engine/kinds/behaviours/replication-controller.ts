import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../faults.ts';
import type { ReplicationController } from '../generated/types.ts';
import { selectorFromLabels } from '../label-selector.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { validateTemplate } from './pod-validation.ts';
import { templateWarnings } from './pod-warnings.ts';
import { counted, notNegative } from './strategy.ts';
import { replicationController as controllerCells } from './workload-cells.ts';

const controller = (object: KubeObject) => object as unknown as ReplicationController;

export const replicationController: Behaviour = {
  ...counted,
  cells: controllerCells,
  selectableFields: { 'status.replicas': (object) => String(controller(object).status.replicas ?? 0) },
  setDefaults(object) {
    const { metadata, spec } = controller(object);
    const labels = spec.template?.metadata?.labels;
    if (labels) {
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
      if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  warnings: (object) => templateWarnings(controller(object).spec.template, 'spec.template'),
  validate: (object) => validateController(controller(object)),
  validateUpdate: (object) => validateController(controller(object)),
};

function validateController({ spec }: ReplicationController): FieldFault[] {
  const faults = [
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.replicas, 'spec.replicas'),
  ];
  const selector = spec.selector ?? {};
  if (Object.keys(selector).length === 0) faults.push(required('spec.selector'));
  const template = spec.template;
  if (!template) return [...faults, required('spec.template')];
  if (!selectorFromLabels(selector)(template.metadata?.labels)) {
    faults.push(
      invalidValue(
        'spec.template.metadata.labels',
        template.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    );
  }
  faults.push(...validateTemplate(template, 'spec.template'));
  const restart = template.spec?.restartPolicy;
  if (restart !== 'Always') faults.push(notSupported('spec.template.spec.restartPolicy', restart, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    faults.push(
      forbiddenField(
        'spec.template.spec.activeDeadlineSeconds',
        'activeDeadlineSeconds in ReplicationController is not Supported',
      ),
    );
  }
  return faults;
}
