import { UserError } from '../../base/index.ts';
import {
  type Deployment,
  type Event,
  type KubeObject,
  kinds,
  type Pod,
  type ReplicaSet,
  type StatefulSet,
  StatusError,
} from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { DeployOptions, RoadClient } from './contract.ts';
import { follow } from './follow.ts';
import { kindOf, nameOf } from './kinds-of.ts';
import { lastLogLines } from './logs.ts';
import { type PodReason, podReason } from './pod-reason.ts';
import { lookForSockets, type Refusal, refusalOf, refusedPort } from './refused.ts';
import { workloadState } from './workload-state.ts';

const TIMEOUT_MS = 300_000;
/** A grave reason must last this long, since the first try of anything may fail for a passing cause. */
const GRAVE_MS = 20_000;
const RESTARTS_MAX = 3;
const STARTING_MS = 8_000;
const LOG_LINES = 15;
/** Pause between two looks into a container that refuses connections. */
const LOOK_AGAIN_MS = 3_000;
const REVISION = 'deployment.kubernetes.io/revision';

interface Trouble {
  pod: Pod;
  reason: PodReason;
}

/**
 * Waits until a workload (Deployment, StatefulSet, Job) is ready, telling the reason while it is not.
 * @throws UserError naming the pod, the why and its last log lines, when it fails, will not mend, or takes too long.
 */
export async function waitForWorkload(client: RoadClient, object: Manifest, options: DeployOptions): Promise<void> {
  const { clock, onStep } = options;
  const name = nameOf(object);
  const namespace = object.metadata.namespace ?? 'default';
  const started = clock.monotonic();
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, options.signal]);
  let live: KubeObject | undefined;
  let all: readonly Pod[] = [];
  let pods: readonly Pod[] = [];
  let sets: readonly ReplicaSet[] = [];
  let events: readonly Event[] = [];
  let told = '';
  let graveSince: number | undefined;
  // A pod that crashed before this wait began is judged by what it does from now on.
  const restartsBefore = new Map<string, number>();
  // What a look into a container that refuses connections showed, by the pod's uid.
  const refusals = new Map<string, Refusal>();
  let lookedAt: number | undefined;
  let settle: (failure: UserError | undefined) => void = () => {};
  let settled = false;
  const verdict = new Promise<void>((resolve, reject) => {
    settle = (failure) => {
      settled = true;
      if (failure) reject(failure);
      else resolve();
    };
  });
  const fail = (fault: string): void => {
    if (settled) return;
    settled = true;
    const worst = trouble(pods, events);
    explain(client, namespace, worst, worst && refusals.get(worst.pod.metadata.uid)).then(
      (wayOut) => settle(new UserError(name, fault, wayOut)),
      (error: unknown) => settle(new UserError(name, fault, undefined, { cause: error })),
    );
  };
  const look = (pod: Pod, reason: PodReason): void => {
    const port = refusedPort(reason.text);
    const now = clock.monotonic();
    if (port === undefined || !reason.logs) return;
    if (lookedAt !== undefined && now - lookedAt < LOOK_AGAIN_MS) return;
    lookedAt = now;
    const at = { namespace, pod: pod.metadata.name, container: reason.logs.container };
    lookForSockets(client, clock, at).then((sockets) => {
      // What was seen once holds when a later look comes while the container is being restarted.
      if (sockets === undefined && refusals.has(pod.metadata.uid)) return;
      refusals.set(pod.metadata.uid, refusalOf(port, sockets));
      judge();
    }, lost);
  };
  const judge = (): void => {
    if (settled || !live) return;
    pods = all.filter(isOfVersion(live, sets));
    const state = workloadState(live);
    if (state.is === 'ready') {
      onStep({ type: 'ready', object: name, tookMs: Math.round(clock.monotonic() - started) });
      settle(undefined);
      return;
    }
    const worst = trouble(pods, events);
    if (worst) look(worst.pod, worst.reason);
    const refusal = worst && refusals.get(worst.pod.metadata.uid);
    const because = worst ? `pod ${worst.pod.metadata.name}: ${sentence(worst.reason, refusal)}` : '';
    const grave = worst?.reason.grave || refusal?.certain;
    if (state.is === 'failed') {
      fail([state.reason, because].filter(Boolean).join('; '));
      return;
    }
    graveSince = grave ? (graveSince ?? clock.monotonic()) : undefined;
    const restarts = worst ? restartsOf(worst.pod) - (restartsBefore.get(worst.pod.metadata.uid) ?? 0) : 0;
    const lasting = graveSince !== undefined && clock.monotonic() - graveSince >= GRAVE_MS;
    if (grave && (lasting || restarts >= RESTARTS_MAX)) {
      // A Job tries again by itself and says when it gives up.
      if (object.kind !== 'Job') {
        fail(because);
        return;
      }
    }
    // Asked every second from the first moment, a startup probe fails a few times in any good start.
    const early =
      /: Startup probe failed/.test(because) && !refusal?.certain && clock.monotonic() - started < STARTING_MS;
    const text = [state.reason, early ? '' : because].filter(Boolean).join('; ');
    if (text !== told) {
      told = text;
      onStep({ type: 'waiting', object: name, reason: text });
    }
  };
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const deadline = clock.after(timeoutMs, () =>
    fail(`not ready after ${Math.round(timeoutMs / 1000)} s; ${told || 'nothing was heard of it'}`),
  );
  // Reasons last without any new event; look again when a grave one may have lasted long enough.
  let patience = clock.after(GRAVE_MS + 100, function again() {
    judge();
    if (!settled) patience = clock.after(GRAVE_MS / 4, again);
  });
  function lost(error: unknown): void {
    if (!signal.aborted) settle(new UserError(name, 'lost the way to the cluster', undefined, { cause: error }));
  }
  const abort = (): void => settle(new UserError(name, 'stopped while waiting'));
  options.signal.addEventListener('abort', abort, { once: true });
  const common = { signal, clock };
  const selector = podSelector(object);
  const following = [
    follow(
      client,
      kindOf(object),
      { namespace, fieldSelector: `metadata.name=${object.metadata.name}` },
      {
        ...common,
        onChange(objects) {
          live = objects[0];
          judge();
        },
      },
    ),
    follow(
      client,
      kinds.pods,
      { namespace, labelSelector: selector },
      {
        ...common,
        onChange(objects) {
          all = objects;
          judge();
        },
      },
    ),
    follow(
      client,
      kinds.events,
      { namespace, fieldSelector: 'involvedObject.kind=Pod' },
      {
        ...common,
        onChange(objects) {
          events = objects;
          judge();
        },
      },
    ),
  ];
  if (object.kind === 'Deployment') {
    const onChange = (objects: readonly ReplicaSet[]): void => {
      sets = objects;
      judge();
    };
    const watching = follow(client, kinds.replicasets, { namespace, labelSelector: selector }, { ...common, onChange });
    // Who may not see ReplicaSets cannot tell the versions apart; then every pod counts.
    watching.catch((error: unknown) => (error instanceof StatusError && error.code === 403 ? undefined : lost(error)));
  }
  try {
    for (const each of following) each.catch(lost);
    await verdict;
  } finally {
    deadline.cancel();
    patience.cancel();
    options.signal.removeEventListener('abort', abort);
    ending.abort();
  }
}

/**
 * Whether a pod is of the version that is waited for: what ails pods that are being replaced keeps nobody waiting.
 * Until the controller has seen the new version none is.
 */
function isOfVersion(live: KubeObject, sets: readonly ReplicaSet[]): (pod: Pod) => boolean {
  if (live.kind === 'StatefulSet') {
    const { updateRevision } = (live as StatefulSet).status ?? {};
    return ({ metadata }) => metadata.labels?.['controller-revision-hash'] === updateRevision;
  }
  if (live.kind !== 'Deployment') return () => true;
  const { metadata, status } = live as Deployment;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return () => false;
  const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[REVISION] ?? 0);
  const owned = sets.filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
  const [newest] = [...owned].sort((a, b) => revisionOf(b) - revisionOf(a));
  const hash = newest?.metadata.labels?.['pod-template-hash'];
  return (pod) => hash === undefined || pod.metadata.labels?.['pod-template-hash'] === hash;
}

/** What selects the pods of a workload. */
export function podSelector(object: {
  readonly kind?: string;
  readonly metadata: { readonly name?: string };
  readonly spec?: unknown;
}): string {
  if (object.kind === 'Job') return `batch.kubernetes.io/job-name=${object.metadata.name}`;
  const spec = object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined;
  return Object.entries(spec?.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The pod that tells most: a grave reason first, then the youngest. */
function trouble(pods: readonly Pod[], events: readonly Event[]): Trouble | undefined {
  const found = pods.flatMap((pod) => {
    const about = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid);
    const reason = podReason(pod, about);
    return reason ? [{ pod, reason }] : [];
  });
  const age = ({ pod }: Trouble): string => pod.metadata.creationTimestamp ?? '';
  found.sort((a, b) => Number(b.reason.grave) - Number(a.reason.grave) || (age(a) > age(b) ? -1 : 1));
  return found[0];
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0));
}

/** A container that was ended since nobody could reach it shows an exit code; why it was ended says more. */
function sentence(reason: PodReason, refusal: Refusal | undefined): string {
  if (!refusal) return reason.text;
  if (refusedPort(reason.text) === undefined) return refusal.certain ? `${reason.text}; ${refusal.text}` : reason.text;
  return `${reason.text.split(' probe failed:')[0] ?? 'A'} probe failed: ${refusal.text}`;
}

async function explain(
  client: RoadClient,
  namespace: string,
  worst: Trouble | undefined,
  refusal: Refusal | undefined,
): Promise<string | undefined> {
  if (!worst) return undefined;
  const pod = worst.pod.metadata.name;
  // Of a container that ended by itself its last lines tell, not the port it had not opened yet.
  const told = refusal && (refusal.certain || refusedPort(worst.reason.text) !== undefined) ? [refusal.wayOut] : [];
  const more = `More: kubectl -n ${namespace} describe pod ${pod}`;
  if (!worst.reason.logs) return [...told, more].join('\n');
  const lines = await lastLogLines(client, namespace, pod, { ...worst.reason.logs, lines: LOG_LINES });
  if (lines.length === 0) return [...told, more].join('\n');
  return [...told, `Its last lines:`, ...lines.map((line) => `  ${line}`), more].join('\n');
}
