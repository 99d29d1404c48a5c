import type { Handler } from './draft.ts';
import { labels } from './labels.ts';
import { resources } from './resources.ts';
import { childOf, entriesOf, itemsOf, numberOf, textOf } from './value.ts';

export const deploy: Handler = (value, path, draft) => {
  for (const [key, each] of entriesOf(value)) {
    const handler = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (handler && !(each.is === 'scalar' && each.value === null)) handler(each, [...path, key], draft);
  }
};

export const replicas: Handler = (value, path, draft) => {
  const count = numberOf(value) ?? 1;
  if (draft.kind === 'daemonset') {
    draft.report.dropped(path, value.at, { reason: 'one runs on each node' });
    return;
  }
  if (draft.kind === 'job') {
    if (count === 1) draft.report.mapped(path, value.at, 'runs once');
    else draft.report.changed(path, value.at, 'runs once', 'To run it several times write a Job with completions.');
    return;
  }
  draft.replicas = count;
  draft.report.mapped(path, value.at, `replicas ${count}`);
};

const mode: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  if (said === 'global-job') draft.report.changed(path, value.at, 'Job: it runs once, not once on each node');
  else
    draft.report.mapped(
      path,
      value.at,
      { replicated: 'replicas', global: 'DaemonSet' }[said] ?? 'Job: it runs until it succeeds',
    );
};

const endpointMode: Handler = (value, path, draft) => {
  if (textOf(value) === 'vip') draft.report.mapped(path, value.at, `the Service ${draft.name} has one address`);
  else
    draft.report.changed(
      path,
      value.at,
      `the Service ${draft.name} has one address, and shares out connections itself`,
    );
};

const updateConfig: Handler = (value, path, draft) => {
  const { report } = draft;
  const order = childOf(value, 'order');
  if (order) {
    const startFirst = textOf(order) === 'start-first';
    if (!startFirst && draft.kind === 'deployment') draft.single = true;
    if (startFirst || draft.kind === 'deployment') {
      report.mapped(
        [...path, 'order'],
        order.at,
        startFirst ? 'a new one is ready before an old one ends' : 'the old ones end first (Recreate), with a gap',
      );
    } else report.mapped([...path, 'order'], order.at, 'each ends before the next begins');
  }
  const parallelism = childOf(value, 'parallelism');
  if (parallelism) {
    report.changed(
      [...path, 'parallelism'],
      parallelism.at,
      'a release is rolled in steps of a quarter',
      'Its pace is set by wherry deploy --strategy.',
    );
  }
  const delay = childOf(value, 'delay');
  if (delay)
    report.changed(
      [...path, 'delay'],
      delay.at,
      'the next follows when the one before is ready',
      'For waits between steps take a canary.',
    );
};

const restartPolicy: Handler = (value, path, draft) => {
  const condition = childOf(value, 'condition');
  if (condition) sayRestart(draft, [...path, 'condition'], condition, textOf(condition) ?? '');
  const attempts = childOf(value, 'max_attempts');
  if (attempts) {
    draft.report.changed(
      [...path, 'max_attempts'],
      attempts.at,
      draft.kind === 'job'
        ? 'a Job is tried 7 times (backoffLimit 6)'
        : 'Kubernetes tries without end, ever more slowly',
    );
  }
};

function sayRestart(
  draft: Parameters<Handler>[2],
  path: Parameters<Handler>[1],
  value: Parameters<Handler>[0],
  policy: string,
): void {
  const { report } = draft;
  if (draft.kind === 'job') {
    report.mapped(path, value.at, 'Job: it runs until it succeeds once');
    return;
  }
  if (policy === 'always' || policy === 'unless-stopped' || policy === 'any') {
    report.mapped(path, value.at, 'kept running');
    return;
  }
  const what = policy.startsWith('on-failure')
    ? 'also started again when it ends well'
    : 'started again whenever it ends';
  report.changed(
    path,
    value.at,
    `${what}: that is what a ${kindWords(draft.kind)} does`,
    'If it is a task that ends, let something wait for it: condition: service_completed_successfully',
  );
}

function kindWords(kind: string): string {
  return { statefulset: 'StatefulSet', daemonset: 'DaemonSet' }[kind] ?? 'Deployment';
}

export const restart: Handler = (value, path, draft) => {
  sayRestart(draft, path, value, value.is === 'scalar' && value.value === false ? 'no' : (textOf(value) ?? ''));
};

const placement: Handler = (value, path, draft) => {
  const { report } = draft;
  for (const [index, item] of itemsOf(childOf(value, 'constraints')).entries()) {
    const place = [...path, 'constraints', index];
    const match = /^\s*(\S+?)\s*(==|!=)\s*(\S+)\s*$/.exec(textOf(item) ?? '');
    const key = match?.[1] === undefined ? undefined : nodeLabel(match[1]);
    if (!match || key === undefined) {
      report.dropped(place, item.at, {
        reason: 'it is a constraint of Docker Swarm that no label of a node stands for',
        todo: 'Label the nodes and name the label: node.labels.NAME == VALUE',
      });
      continue;
    }
    addTerm(draft, key, match[2] === '==' ? 'In' : 'NotIn', match[3] ?? '');
    if (key.startsWith('node-role'))
      report.changed(place, item.at, `nodes ${match[2] === '==' ? 'with' : 'without'} the label ${key}`);
    else
      report.mapped(
        place,
        item.at,
        `nodes whose label ${key} is ${match[2] === '==' ? '' : 'not '}${labelValue(key, match[3] ?? '')}`,
      );
  }
  const spreads = itemsOf(childOf(value, 'preferences')).map((item) => childOf(item, 'spread'));
  for (const [index, spread] of spreads.entries()) {
    if (!spread) continue;
    const key = nodeLabel(textOf(spread) ?? '');
    const place = [...path, 'preferences', index, 'spread'];
    if (key === undefined) {
      report.dropped(place, spread.at, { reason: 'no label of a node stands for it' });
      continue;
    }
    spreadOver(draft, key, 1, 'ScheduleAnyway');
    report.mapped(place, spread.at, `spread over the values of the label ${key}`);
  }
  const most = childOf(value, 'max_replicas_per_node');
  if (most) {
    report.changed([...path, 'max_replicas_per_node'], most.at, 'spread evenly over the nodes, as far as that goes');
  }
};

function spreadOver(
  draft: Parameters<Handler>[2],
  topologyKey: string,
  maxSkew: number,
  whenUnsatisfiable: string,
): void {
  draft.pod.topologySpreadConstraints ??= [];
  const constraints = draft.pod.topologySpreadConstraints;
  if (constraints.some((each) => each.topologyKey === topologyKey)) return;
  const labelSelector = { matchLabels: { 'wherry/part': draft.name } };
  constraints.push({ topologyKey, maxSkew, whenUnsatisfiable, labelSelector });
}

/** The label that Kubernetes has for what Swarm calls so. */
function nodeLabel(name: string): string | undefined {
  const own = /^(?:node|engine)\.labels\.(.+)$/.exec(name)?.[1];
  if (own !== undefined) return own;
  return {
    'node.hostname': 'kubernetes.io/hostname',
    'node.platform.os': 'kubernetes.io/os',
    'node.platform.arch': 'kubernetes.io/arch',
  }[name];
}

function addTerm(draft: Parameters<Handler>[2], key: string, operator: string, value: string): void {
  const expression = { key, operator, values: [labelValue(key, value)] };
  draft.pod.affinity ??= {};
  const { affinity } = draft.pod;
  const before =
    affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchExpressions ?? [];
  affinity.nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [...before, expression] }],
    },
  };
}

function labelValue(key: string, value: string): string {
  return key === 'kubernetes.io/arch' ? architecture(value) : value;
}

/** Kubernetes' word for a processor. */
export function architecture(word: string): string {
  return (
    { x86_64: 'amd64', aarch64: 'arm64', 'arm64/v8': 'arm64', 'arm/v7': 'arm', 'arm/v6': 'arm', i386: '386' }[word] ??
    word
  );
}

const KEYS: Readonly<Record<string, Handler>> = {
  mode,
  endpoint_mode: endpointMode,
  replicas,
  labels,
  update_config: updateConfig,
  resources,
  restart_policy: restartPolicy,
  placement,
};
