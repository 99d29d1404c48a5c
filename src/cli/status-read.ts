import { systemClock } from '../base/index.ts';
import {
  ageSince,
  type ContainerStatus,
  type Event,
  type KubeObject,
  kinds,
  type Pod,
  type PodSpec,
} from '../engine/kinds/index.ts';
import { COMPONENT_LABEL, INSTANCE_LABEL } from '../road/manifests/index.ts';
import type { Place } from './place.ts';
import { type ReleaseStatuses, releaseStatuses } from './status-release.ts';

/** Events told of one thing that is not well. */
const EVENTS_TOLD = 3;

export interface PodStatus {
  readonly name: string;
  /** `ready`, or why not. */
  readonly state: string;
  readonly ok: boolean;
  readonly restarts: number;
  readonly age: string;
  /** The last of what the cluster said of it; empty when it is well. */
  readonly events: readonly string[];
}

export interface Part {
  readonly kind: string;
  readonly name: string;
  readonly component: string;
  readonly ready: string;
  readonly ok: boolean;
  readonly image: string;
  readonly pods: readonly PodStatus[];
  readonly events: readonly string[];
}

export interface App extends ReleaseStatuses {
  readonly name: string;
  readonly parts: readonly Part[];
}

interface Workload extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: { readonly spec?: PodSpec };
  };
}

/** The apps of a namespace, or one of them, as the cluster has them now. */
export async function readApps(place: Place, only: string | undefined): Promise<App[]> {
  const { client, namespace } = place;
  const query = { namespace, labelSelector: only === undefined ? INSTANCE_LABEL : `${INSTANCE_LABEL}=${only}` };
  const { releasesIn } = await import('../road/releases/index.ts');
  const [deployments, statefulSets, daemonSets, jobs, cronJobs, pods, releases] = await Promise.all([
    client.list(kinds.deployments, query),
    client.list(kinds.statefulsets, query),
    client.list(kinds.daemonsets, query),
    client.list(kinds.jobs, query),
    client.list(kinds.cronjobs, query),
    client.list(kinds.pods, query),
    releasesIn(client, namespace, only),
  ]);
  const { podReason } = await import('../road/deploy/index.ts');
  const events = new EventsAbout((await client.list(kinds.events, { namespace })).items);
  const part = (object: Workload, ready: string, enough: boolean, podSpec?: PodSpec): Part & { app: string } => {
    const own = pods.items.filter((pod) => isOf(pod, object));
    // A new version that cannot start is not well, though the old one still serves. A Job tries again by itself.
    const stuck = object.kind !== 'Job' && own.some((pod) => podReason(pod, events.about(pod))?.grave);
    const ok = enough && !stuck;
    return {
      app: object.metadata.labels?.[INSTANCE_LABEL] ?? '',
      kind: object.kind,
      name: object.metadata.name,
      component: object.metadata.labels?.[COMPONENT_LABEL] ?? '',
      ready,
      ok,
      image: (podSpec ?? object.spec.template?.spec)?.containers[0]?.image ?? '',
      pods: own.map((pod) => podStatus(pod, events, podReason)),
      events: ok ? [] : events.last(object),
    };
  };
  const parts = [
    ...[...deployments.items, ...statefulSets.items].map((one) => {
      const [ready, wanted] = [one.status.readyReplicas ?? 0, one.spec.replicas ?? 1];
      return part(one, `${ready}/${wanted}`, ready >= wanted);
    }),
    ...daemonSets.items.map((one) => {
      const { numberReady = 0, desiredNumberScheduled = 0 } = one.status;
      return part(one, `${numberReady}/${desiredNumberScheduled}`, numberReady >= desiredNumberScheduled);
    }),
    ...jobs.items.map((one) => {
      const { succeeded, failed } = one.status;
      return part(one, succeeded ? 'done' : failed ? 'failed' : 'running', !failed || Boolean(succeeded));
    }),
    ...cronJobs.items.map((one) => {
      const last = one.status.lastScheduleTime;
      const ready = last ? `last ran ${ageSince(last, systemClock.now())} ago` : 'has not run yet';
      return part(one as unknown as Workload, ready, true, one.spec.jobTemplate.spec?.template.spec);
    }),
  ];
  const names = [...new Set([...parts.map(({ app }) => app), ...releases.map(({ app }) => app)])].sort();
  return await Promise.all(
    names.map(async (name) => ({
      name,
      ...(await releaseStatuses(
        place,
        releases.filter(({ app }) => app === name),
      )),
      parts: parts.filter(({ app }) => app === name).map(({ app: _, ...rest }) => rest),
    })),
  );
}

/** Whose pod it is is told by the selector, as its controller tells; Jobs name themselves on their pods. */
function isOf(pod: Pod, { kind, metadata, spec }: Workload): boolean {
  const { labels = {} } = pod.metadata;
  if (kind === 'Job') return labels['batch.kubernetes.io/job-name'] === metadata.name;
  const wanted = Object.entries(spec.selector?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function podStatus(
  pod: Pod,
  events: EventsAbout,
  podReason: (pod: Pod, events: readonly Event[]) => { text: string } | undefined,
): PodStatus {
  const statuses: ContainerStatus[] = [
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.containerStatuses ?? []),
  ];
  const ended = pod.status.phase === 'Succeeded';
  const ready = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const leaving = Boolean(pod.metadata.deletionTimestamp);
  const reason = podReason(pod, events.about(pod))?.text;
  const ok = ended || ready;
  return {
    name: pod.metadata.name,
    state: leaving ? 'ending' : ended ? 'done' : (reason ?? 'ready'),
    ok,
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    age: ageSince(pod.metadata.creationTimestamp, systemClock.now()),
    events: ok || leaving ? [] : events.last(pod),
  };
}

/** Events by what they are about. */
class EventsAbout {
  readonly #byUid = new Map<string, Event[]>();

  constructor(events: readonly Event[]) {
    for (const event of [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))) {
      const uid = event.involvedObject.uid ?? '';
      const known = this.#byUid.get(uid);
      if (known) known.push(event);
      else this.#byUid.set(uid, [event]);
    }
  }

  about({ metadata }: KubeObject): readonly Event[] {
    return this.#byUid.get(metadata.uid ?? '') ?? [];
  }

  /** `2m ago Unhealthy: … (4 times)`, the last ones, oldest first. */
  last(object: KubeObject): string[] {
    return this.about(object)
      .slice(-EVENTS_TOLD)
      .map((event) => {
        const times = (event.count ?? 1) > 1 ? ` (${event.count} times)` : '';
        const text = (event.message ?? '').split('\n')[0]?.slice(0, 300) ?? '';
        return `${ageSince(timeOf(event), systemClock.now())} ago ${event.reason ?? ''}: ${text}${times}`;
      });
  }
}

function timeOf({ lastTimestamp, eventTime, firstTimestamp }: Event): string {
  return lastTimestamp ?? eventTime ?? firstTimestamp ?? '';
}
