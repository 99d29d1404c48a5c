import type { Pod } from '../kinds/index.ts';
import type { ContainerStats } from '../runtime/index.ts';
import type { EndpointAnswer } from './contract.ts';
import { containersOf } from './pod-spec.ts';
import { isRunning } from './pod-state.ts';
import type { PodWorker } from './pod-worker.ts';
import { apiTime, type Scope } from './scope.ts';

interface Measured {
  readonly pod: Pod;
  readonly container: string;
  readonly startedAtMs: number;
  readonly stats: ContainerStats;
}

/** The kubelet's own endpoints, for nodes/proxy. */
export async function nodeEndpoint(
  scope: Scope,
  workers: ReadonlyMap<string, PodWorker>,
  path: string,
): Promise<EndpointAnswer> {
  const [route = ''] = path.split('?');
  switch (`/${route.replace(/^\/+|\/+$/g, '')}`) {
    case '/healthz':
      return text('ok');
    case '/pods':
      return json({
        kind: 'PodList',
        apiVersion: 'v1',
        metadata: {},
        items: [...workers.values()].map((worker) => worker.view()),
      });
    case '/configz':
      return json({ kubeletconfig: configuration(scope) });
    case '/stats/summary':
      return json(summary(scope, await measure(scope, workers)));
    case '/metrics/resource':
      return text(resourceMetrics(await measure(scope, workers)));
    case '/metrics/cadvisor':
      return text(cadvisorMetrics(await measure(scope, workers)));
    case '/metrics':
      return text(kubeletMetrics(workers));
    default:
      return { status: 404, contentType: 'text/plain; charset=utf-8', body: '404 page not found\n' };
  }
}

function text(body: string): EndpointAnswer {
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
}

function json(value: unknown): EndpointAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(value) };
}

function configuration(scope: Scope): object {
  const { clusterDns, clusterDomain, capacity } = scope.options;
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    clusterDNS: clusterDns ? [clusterDns] : [],
    clusterDomain,
    maxPods: capacity.pods,
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 5,
    nodeLeaseDurationSeconds: 40,
    enableDebuggingHandlers: true,
  };
}

async function measure(scope: Scope, workers: ReadonlyMap<string, PodWorker>): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const worker of workers.values()) {
    for (const { container } of containersOf(worker.pod)) {
      const state = worker.container(container.name);
      if (!isRunning(state) || !state?.current) continue;
      const stats = await scope.options.runtime.stats(state.current.id);
      if (stats)
        measured.push({
          pod: worker.pod,
          container: container.name,
          startedAtMs: state.current.startedAtMs ?? 0,
          stats,
        });
    }
  }
  return measured;
}

function summary(scope: Scope, measured: readonly Measured[]): object {
  const time = apiTime(scope.context.clock.now());
  const usage = ({ stats }: Measured) => ({
    cpu: { time, usageCoreNanoSeconds: stats.cpuUsageNs },
    memory: { time, usageBytes: stats.memoryBytes, workingSetBytes: stats.memoryWorkingSetBytes },
  });
  const byPod = new Map<string, Measured[]>();
  for (const one of measured) byPod.set(one.pod.metadata.uid, [...(byPod.get(one.pod.metadata.uid) ?? []), one]);
  const total = (list: readonly Measured[]) => ({
    cpu: { time, usageCoreNanoSeconds: list.reduce((sum, { stats }) => sum + stats.cpuUsageNs, 0) },
    memory: {
      time,
      usageBytes: list.reduce((sum, { stats }) => sum + stats.memoryBytes, 0),
      workingSetBytes: list.reduce((sum, { stats }) => sum + stats.memoryWorkingSetBytes, 0),
    },
  });
  return {
    node: { nodeName: scope.options.name, startTime: time, ...total(measured) },
    pods: [...byPod.values()].map((list) => ({
      podRef: {
        name: list[0]?.pod.metadata.name,
        namespace: list[0]?.pod.metadata.namespace,
        uid: list[0]?.pod.metadata.uid,
      },
      startTime: list[0]?.pod.status?.startTime,
      containers: list.map((one) => ({ name: one.container, startTime: apiTime(one.startedAtMs), ...usage(one) })),
      ...total(list),
    })),
  };
}

function labels({ pod, container }: Measured): string {
  return `container="${container}",namespace="${pod.metadata.namespace ?? ''}",pod="${pod.metadata.name}"`;
}

function family(name: string, type: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function resourceMetrics(measured: readonly Measured[]): string {
  const line = (name: string, value: (one: Measured) => number) =>
    measured.map((one) => `${name}{${labels(one)}} ${value(one)}`);
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      line('container_cpu_usage_seconds_total', ({ stats }) => stats.cpuUsageNs / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      line('container_memory_working_set_bytes', ({ stats }) => stats.memoryWorkingSetBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      line('container_start_time_seconds', ({ startedAtMs }) => startedAtMs / 1000),
    ),
    family('node_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the node in core-seconds', [
      `node_cpu_usage_seconds_total ${measured.reduce((sum, { stats }) => sum + stats.cpuUsageNs / 1e9, 0)}`,
    ]),
    family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', [
      `node_memory_working_set_bytes ${measured.reduce((sum, { stats }) => sum + stats.memoryWorkingSetBytes, 0)}`,
    ]),
    family('scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', [
      'scrape_error 0',
    ]),
  ].join('');
}

function cadvisorMetrics(measured: readonly Measured[]): string {
  const line = (name: string, value: (one: Measured) => number) =>
    measured.map((one) => `${name}{${labels(one)}} ${value(one)}`);
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed in seconds.',
      line('container_cpu_usage_seconds_total', ({ stats }) => stats.cpuUsageNs / 1e9),
    ),
    family(
      'container_memory_usage_bytes',
      'gauge',
      'Current memory usage in bytes.',
      line('container_memory_usage_bytes', ({ stats }) => stats.memoryBytes),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set in bytes.',
      line('container_memory_working_set_bytes', ({ stats }) => stats.memoryWorkingSetBytes),
    ),
  ].join('');
}

function kubeletMetrics(workers: ReadonlyMap<string, PodWorker>): string {
  const states = [...workers.values()].flatMap((worker) =>
    containersOf(worker.pod).map(({ container }) => worker.container(container.name)),
  );
  const running = states.filter(isRunning).length;
  const exited = states.filter((state) => state?.current?.exit).length;
  return [
    family('kubelet_node_name', 'gauge', "The node's name. The count is always 1.", []),
    family('kubelet_running_pods', 'gauge', 'Number of pods that have a running pod sandbox', [
      `kubelet_running_pods ${workers.size}`,
    ]),
    family('kubelet_running_containers', 'gauge', 'Number of containers currently running', [
      `kubelet_running_containers{container_state="running"} ${running}`,
      `kubelet_running_containers{container_state="exited"} ${exited}`,
    ]),
  ].join('');
}
