import type { ResourceInfo } from '../kinds/index.ts';

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
/** Label sets past this many are counted under `other`, so that odd requests cannot fill the memory. */
const SERIES_MAX = 4096;

/** One finished request. */
export interface RequestSample {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
  readonly code: number;
  readonly seconds: number;
}

export interface Metrics {
  count(sample: RequestSample): void;
  watchBegan(info: ResourceInfo): void;
  watchEnded(info: ResourceInfo): void;
  /** Requests that are being served now; the verb decides between `mutating` and `readOnly`. */
  inFlight(verb: string, change: 1 | -1): void;
  /** The Prometheus text (exposition format 0.0.4). `objects`: how many of each resource are stored. */
  text(objects: Iterable<readonly [resource: string, count: number]>): string;
}

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

const MUTATING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Counters by the names that upstream's API server uses. */
export function createMetrics(startedAtMs: number): Metrics {
  const requests = new Map<string, number>();
  const durations = new Map<string, Histogram>();
  const watches = new Map<string, number>();
  const current = { mutating: 0, readOnly: 0 };

  const bump = (map: Map<string, number>, key: string, change: number) => {
    const name = map.has(key) || map.size < SERIES_MAX ? key : 'resource="other"';
    map.set(name, (map.get(name) ?? 0) + change);
  };

  return {
    count({ verb, group, version, resource, subresource, scope, code, seconds }) {
      const about = `group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb.toUpperCase()}",version="${version}"`;
      bump(requests, `code="${code}",component="apiserver",dry_run="",${about}`, 1);
      if (verb === 'watch') return;
      let histogram = durations.get(about);
      if (!histogram) {
        if (durations.size >= SERIES_MAX) return;
        histogram = { buckets: new Array<number>(SECONDS.length).fill(0), sum: 0, count: 0 };
        durations.set(about, histogram);
      }
      histogram.sum += seconds;
      histogram.count++;
      for (let at = SECONDS.length - 1; at >= 0 && seconds <= (SECONDS[at] ?? 0); at--) {
        histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
      }
    },
    watchBegan: (info) => bump(watches, watchLabels(info), 1),
    watchEnded: (info) => bump(watches, watchLabels(info), -1),
    inFlight(verb, change) {
      current[MUTATING.has(verb) ? 'mutating' : 'readOnly'] += change;
    },
    text(objects) {
      const lines: string[] = [];
      const head = (name: string, type: string, help: string) =>
        lines.push(`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`);
      head(
        'apiserver_request_total',
        'counter',
        'Counter of apiserver requests broken out for each verb and resource.',
      );
      for (const [labels, value] of requests) lines.push(`apiserver_request_total{${labels}} ${value}`);
      const duration = 'apiserver_request_duration_seconds';
      head(duration, 'histogram', 'Response latency distribution in seconds for each verb and resource.');
      for (const [labels, { buckets, sum, count }] of durations) {
        const full = `component="apiserver",dry_run="",${labels}`;
        for (const [at, value] of buckets.entries())
          lines.push(`${duration}_bucket{${full},le="${SECONDS[at]}"} ${value}`);
        lines.push(`${duration}_bucket{${full},le="+Inf"} ${count}`);
        lines.push(`${duration}_sum{${full}} ${sum}`, `${duration}_count{${full}} ${count}`);
      }
      head('apiserver_current_inflight_requests', 'gauge', 'Number of requests being served now by request kind.');
      for (const [kind, value] of Object.entries(current)) {
        lines.push(`apiserver_current_inflight_requests{request_kind="${kind}"} ${value}`);
      }
      head('apiserver_longrunning_requests', 'gauge', 'Gauge of all active long-running requests.');
      for (const [labels, value] of watches)
        lines.push(`apiserver_longrunning_requests{component="apiserver",${labels}} ${value}`);
      head('apiserver_storage_objects', 'gauge', 'Number of stored objects at the time of last check split by kind.');
      for (const [resource, count] of objects) lines.push(`apiserver_storage_objects{resource="${resource}"} ${count}`);
      processLines(lines, startedAtMs);
      return `${lines.join('\n')}\n`;
    },
  };
}

function watchLabels({ group, version, resource, namespaced }: ResourceInfo): string {
  const scope = namespaced ? 'namespace' : 'cluster';
  return `group="${group}",resource="${resource}",scope="${scope}",subresource="",verb="WATCH",version="${version}"`;
}

function processLines(lines: string[], startedAtMs: number): void {
  const memory = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const add = (name: string, type: string, help: string, value: number) =>
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
  add(
    'process_cpu_seconds_total',
    'counter',
    'Total user and system CPU time spent in seconds.',
    (user + system) / 1e6,
  );
  add('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', memory.rss);
  add('process_heap_bytes', 'gauge', 'Heap in use in bytes.', memory.heapUsed);
  add(
    'process_start_time_seconds',
    'gauge',
    'Start time of the process since unix epoch in seconds.',
    startedAtMs / 1000,
  );
}
