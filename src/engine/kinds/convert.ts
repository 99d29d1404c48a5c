import type { KubeObject, ResourceInfo } from './contract.ts';

type Plain = Record<string, unknown>;

/**
 * An object of `from` as another version of its group has it (or, for Events, another group: give `toGroup`).
 * Answers the object itself when nothing changes. Versions of one shape change their apiVersion only.
 */
export function convert(
  object: KubeObject,
  from: Pick<ResourceInfo, 'group' | 'version' | 'kind'>,
  toVersion: string,
  toGroup: string = from.group,
): KubeObject {
  if (from.version === toVersion && from.group === toGroup) return object;
  const apiVersion = toGroup ? `${toGroup}/${toVersion}` : toVersion;
  const plain = object as unknown as Plain;
  if (from.kind === 'HorizontalPodAutoscaler') {
    return (toVersion === 'v1' ? autoscalerToV1(plain) : autoscalerToV2(plain, apiVersion)) as unknown as KubeObject;
  }
  if (from.kind === 'Event' && from.group !== toGroup) {
    return (toGroup === '' ? eventToCore(plain) : eventFromCore(plain, apiVersion)) as unknown as KubeObject;
  }
  return { ...object, apiVersion };
}

/** Only the fields that are set. */
function set(fields: Plain): Plain {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** core/v1 Event to events.k8s.io/v1: the old fields are kept under `deprecated` names. */
function eventFromCore(event: Plain, apiVersion: string): Plain {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...rest } = event;
  return set({
    ...rest,
    apiVersion,
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent || undefined,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  });
}

function eventToCore(event: Plain): Plain {
  const {
    regarding,
    note,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    ...rest
  } = event;
  return set({
    ...rest,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController ?? '',
    reportingInstance: rest.reportingInstance ?? '',
  });
}

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';

interface Metric {
  readonly type?: string;
  readonly resource?: {
    readonly name?: string;
    readonly target?: { readonly type?: string; readonly averageUtilization?: number };
    readonly current?: { readonly averageUtilization?: number };
  };
}

// v1 knows one metric (CPU utilization); the rest rides in annotations, as upstream's conversion has it.
function autoscalerToV1(object: Plain): Plain {
  const spec = (object.spec ?? {}) as Plain;
  const status = (object.status ?? {}) as Plain;
  const metadata = object.metadata as Plain;
  const annotations = { ...(metadata.annotations as Record<string, string> | undefined) };
  const metrics = (spec.metrics ?? []) as Metric[];
  const isCpu = (metric: Metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu';
  const cpu = metrics.find((metric) => isCpu(metric) && metric.resource?.target?.averageUtilization !== undefined);
  const others = metrics.filter((metric) => metric !== cpu);
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (spec.behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(spec.behavior);
  const current = (status.currentMetrics ?? []) as Metric[];
  const currentCpu = current.find(isCpu);
  const otherCurrent = current.filter((metric) => metric !== currentCpu);
  if (otherCurrent.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(otherCurrent);
  if (Array.isArray(status.conditions) && status.conditions.length > 0) {
    annotations[CONDITIONS] = JSON.stringify(status.conditions);
  }
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: set({
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      targetCPUUtilizationPercentage: cpu?.resource?.target?.averageUtilization,
    }),
    status: set({
      observedGeneration: status.observedGeneration,
      lastScaleTime: status.lastScaleTime,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      currentCPUUtilizationPercentage: currentCpu?.resource?.current?.averageUtilization,
    }),
  };
}

function autoscalerToV2(object: Plain, apiVersion: string): Plain {
  const spec = (object.spec ?? {}) as Plain;
  const status = (object.status ?? {}) as Plain;
  const metadata = object.metadata as Plain;
  const annotations = { ...(metadata.annotations as Record<string, string> | undefined) };
  const take = (key: string): unknown => {
    const text = annotations[key];
    delete annotations[key];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const metrics = [...((take(METRICS) as unknown[] | undefined) ?? [])];
  const percentage = spec.targetCPUUtilizationPercentage;
  if (percentage !== undefined) {
    metrics.unshift({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percentage } },
    });
  }
  const currentMetrics = [...((take(CURRENT_METRICS) as unknown[] | undefined) ?? [])];
  if (status.currentCPUUtilizationPercentage !== undefined) {
    currentMetrics.unshift({
      type: 'Resource',
      resource: { name: 'cpu', current: { averageUtilization: status.currentCPUUtilizationPercentage } },
    });
  }
  const conditions = take(CONDITIONS);
  const behavior = take(BEHAVIOR);
  const { annotations: _, ...restOfMetadata } = metadata;
  return {
    ...object,
    apiVersion,
    metadata: { ...restOfMetadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: set({
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      metrics: metrics.length > 0 ? metrics : undefined,
      behavior,
    }),
    status: set({
      observedGeneration: status.observedGeneration,
      lastScaleTime: status.lastScaleTime,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      currentMetrics: currentMetrics.length > 0 ? currentMetrics : undefined,
      conditions,
    }),
  };
}
