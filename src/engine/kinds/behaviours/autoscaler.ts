import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidValue, notSupported, required } from '../faults.ts';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from '../generated/types.ts';
import { withStatus } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as HorizontalPodAutoscaler;
const isFirstVersion = (object: KubeObject) => object.apiVersion === 'autoscaling/v1';

export const autoscaler: Behaviour = {
  ...withStatus,
  cells,
  setDefaults(object) {
    const { spec } = own(object);
    spec.minReplicas ??= 1;
    // Version 1 keeps its one metric elsewhere; conversion brings it here.
    if (isFirstVersion(object)) return;
    if ((spec.metrics ?? []).length === 0) {
      spec.metrics = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ];
    }
    if (spec.behavior) setBehaviorDefaults(spec.behavior);
  },
  validate: (object) => validateSpec(own(object)),
  validateUpdate: (object) => validateSpec(own(object)),
};

function setBehaviorDefaults(behavior: NonNullable<HorizontalPodAutoscaler['spec']['behavior']>): void {
  behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
    ...behavior.scaleUp,
  };
  behavior.scaleDown = {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    ...behavior.scaleDown,
  };
}

function validateSpec({ spec }: HorizontalPodAutoscaler): FieldFault[] {
  const faults: FieldFault[] = [];
  if (spec.minReplicas !== undefined && spec.minReplicas < 1) {
    faults.push(invalidValue('spec.minReplicas', spec.minReplicas, 'must be greater than or equal to 1'));
  }
  if (!(spec.maxReplicas >= 1))
    faults.push(invalidValue('spec.maxReplicas', spec.maxReplicas ?? 0, 'must be greater than 0'));
  if (spec.minReplicas !== undefined && spec.maxReplicas < spec.minReplicas) {
    faults.push(invalidValue('spec.maxReplicas', spec.maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  if (!spec.scaleTargetRef?.kind) faults.push(required('spec.scaleTargetRef.kind'));
  if (!spec.scaleTargetRef?.name) faults.push(required('spec.scaleTargetRef.name'));
  const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
  for (const [index, metric] of (spec.metrics ?? []).entries()) {
    const path = at('spec.metrics', index);
    if (!metric.type) faults.push(required(`${path}.type`, 'must specify a metric source type'));
    else if (!types.includes(metric.type)) faults.push(notSupported(`${path}.type`, metric.type, types));
    else if (!sourceOf(metric)) {
      const field = metric.type.charAt(0).toLowerCase() + metric.type.slice(1);
      faults.push(required(`${path}.${field}`, 'must populate information for the given metric source'));
    }
  }
  return faults;
}

function sourceOf(metric: MetricSpec): { target: MetricTarget } | undefined {
  return metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external;
}

function currentOf(metric: MetricStatus | undefined) {
  return (metric?.resource ?? metric?.containerResource ?? metric?.pods ?? metric?.object ?? metric?.external)?.current;
}

function cells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec, status } = own(object);
  const reference = `${spec.scaleTargetRef?.kind ?? ''}/${spec.scaleTargetRef?.name ?? ''}`;
  return [
    metadata.name,
    reference,
    targets(spec.metrics ?? [], status?.currentMetrics ?? []),
    spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
    spec.maxReplicas,
    status?.currentReplicas ?? 0,
    ageSince(metadata.creationTimestamp, now),
  ];
}

function targets(metrics: readonly MetricSpec[], current: readonly MetricStatus[]): string {
  if (metrics.length === 0) return '<none>';
  const texts = metrics.slice(0, 2).map((metric, index) => targetText(metric, current[index]));
  const shown = texts.join(', ');
  return metrics.length > 2 ? `${shown} + ${metrics.length - 2} more...` : shown;
}

function targetText(metric: MetricSpec, state: MetricStatus | undefined): string {
  const target = sourceOf(metric)?.target;
  const current = currentOf(state);
  const prefix = metric.resource
    ? `${metric.resource.name}: `
    : metric.containerResource
      ? `${metric.containerResource.name}: `
      : '';
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`;
    return `${prefix}${now}/${target.averageUtilization}%`;
  }
  if (target?.averageValue !== undefined) {
    const suffix = metric.resource || metric.containerResource || metric.pods ? '' : ' (avg)';
    return `${prefix}${current?.averageValue ?? '<unknown>'}/${target.averageValue}${suffix}`;
  }
  return `${prefix}${current?.value ?? '<unknown>'}/${target?.value ?? '<auto>'}`;
}
