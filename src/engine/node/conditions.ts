import type { ContainerStatus, Pod, PodCondition } from '../kinds/index.ts';
import type { ContainerStatuses } from './container-status.ts';

export interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: string;
  readonly statuses: ContainerStatuses;
  /** Namespaces and address are there. */
  readonly sandboxReady: boolean;
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

/** The types that the kubelet writes; all others in a pod's status belong to somebody else and stay. */
export const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);

/** Conditions as upstream's pkg/kubelet/status/generate.go words them. Times are kept while a status stays the same. */
export function podConditions(facts: ConditionFacts, now: string): PodCondition[] {
  const { pod } = facts;
  const containersReady = containersReadyVerdict(facts);
  const verdicts: [string, Verdict][] = [
    ['PodReadyToStartContainers', { status: facts.sandboxReady ? 'True' : 'False' }],
    ['Initialized', initializedVerdict(facts)],
    ['Ready', readyVerdict(pod, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', { status: 'True' }],
  ];
  const before = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const generation = pod.metadata.generation;
  const own = verdicts.map(([type, verdict]): PodCondition => {
    const old = before.get(type);
    return {
      type,
      ...verdict,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: (old?.status === verdict.status ? old.lastTransitionTime : undefined) ?? now,
    };
  });
  return [...own, ...(pod.status?.conditions ?? []).filter((condition) => !OWN_CONDITIONS.has(condition.type))];
}

/** Two lists of names in upstream's words; undefined when both are empty. */
function complaint(word: string, names: readonly string[], unknown: readonly string[]): string | undefined {
  const parts = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(names.length > 0 ? [`containers with ${word} status: [${names.join(' ')}]`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : undefined;
}

function containersReadyVerdict({ pod, phase, statuses }: ConditionFacts): Verdict {
  const byName = new Map([...statuses.init, ...statuses.app].map((status) => [status.name, status]));
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { name } of [...sidecars, ...pod.spec.containers]) {
    const status = byName.get(name);
    if (!status) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const message = complaint('unready', unready, unknown);
  return message ? { status: 'False', reason: 'ContainersNotReady', message } : { status: 'True' };
}

function readyVerdict(pod: Pod, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return containersReady;
  const conditions = pod.status?.conditions ?? [];
  const faults: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (!condition) faults.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== 'True') {
      faults.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  if (faults.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: faults.join(', ') };
}

function initializedVerdict({ pod, phase, statuses }: ConditionFacts): Verdict {
  const byName = new Map(statuses.init.map((status) => [status.name, status]));
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  // Once an app container has run, the pod stays initialized.
  if (statuses.app.some(hasRun)) return { status: 'True' };
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec.initContainers ?? []) {
    const status = byName.get(container.name);
    if (!status) unknown.push(container.name);
    else if (container.restartPolicy === 'Always' ? !status.started : !status.ready) incomplete.push(container.name);
  }
  const message = complaint('incomplete', incomplete, unknown);
  return message ? { status: 'False', reason: 'ContainersNotInitialized', message } : { status: 'True' };
}

function hasRun(status: ContainerStatus): boolean {
  return (
    status.state?.running !== undefined ||
    status.lastState?.terminated !== undefined ||
    status.state?.terminated?.startedAt !== undefined
  );
}
