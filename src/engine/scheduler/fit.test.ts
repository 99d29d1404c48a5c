import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Informer } from '../client/index.ts';
import type { Node, Pod, PodSpec } from '../kinds/index.ts';
import { NodeState } from './cluster-state.ts';
import type { Views } from './filter.ts';
import { fit, fitMessage } from './fit.ts';
import { preempt } from './preemption.ts';
import { bestNode } from './score.ts';
import { SCORES } from './scores.ts';

const none = { get: () => undefined, list: () => [] } as unknown as Informer<never>;
const views: Views = { namespaces: none, claims: none, volumes: none, classes: none };

let serial = 0;
function pod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  const uid = `uid-${++serial}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      namespace: 'default',
      uid,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { containers: [{ name: 'a' }], ...spec },
    status: { phase: 'Pending' },
  };
}

const asking = (cpu: string): PodSpec => ({ containers: [{ name: 'a', resources: { requests: { cpu } } }] });

function node(name: string, spec: Node['spec'] = {}, labels: Record<string, string> = {}, pods: Pod[] = []): NodeState {
  const object: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/hostname': name, ...labels },
    },
    spec,
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '3' } },
  };
  return new NodeState(object, pods);
}

const names = (found: ReturnType<typeof fit>) => found.feasible.map((state) => state.name);
const message = (who: Pod, nodes: NodeState[]) => {
  const found = fit(who, nodes, views);
  return fitMessage(found, nodes.length, preempt(who, found, nodes, views, []).message);
};

test("a pod that asks for more than a node has is refused in upstream's words", () => {
  const nodes = [node('a', {}, {}, [pod(asking('600m'))])];
  assert.equal(
    message(pod(asking('500m')), nodes),
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  assert.equal(
    message(pod(asking('2')), nodes),
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  );
  assert.deepEqual(names(fit(pod(asking('400m')), nodes, views)), ['a']);
});

test('reasons are counted over the nodes and told in order', () => {
  const nodes = [
    node('a', { unschedulable: true }),
    node('b', { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
    node('c', {}, {}, [pod(), pod(), pod()]),
  ];
  assert.match(
    message(pod(), nodes),
    /^0\/3 nodes are available: 1 Too many pods, 1 node\(s\) had untolerated taint\(s\), 1 node\(s\) were unschedulable\. /,
  );
});

test('taints are passed by tolerations, selectors and affinity choose nodes', () => {
  const nodes = [
    node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }, { disk: 'ssd' }),
    node('b', {}, { disk: 'hdd', size: '5' }),
  ];
  const tolerations = [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }];
  assert.deepEqual(names(fit(pod({ tolerations }), nodes, views)), ['a', 'b']);
  assert.deepEqual(names(fit(pod({ tolerations, nodeSelector: { disk: 'ssd' } }), nodes, views)), ['a']);
  const matchExpressions = [{ key: 'size', operator: 'Gt', values: ['4'] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  assert.deepEqual(names(fit(pod({ affinity }), nodes, views)), ['b']);
});

test('a host port is had once a node and protocol', () => {
  const withPort = (protocol: string) =>
    pod({ containers: [{ name: 'a', ports: [{ containerPort: 80, hostPort: 80, protocol }] }] });
  const nodes = [node('a', {}, {}, [withPort('TCP')])];
  assert.deepEqual(names(fit(withPort('TCP'), nodes, views)), []);
  assert.deepEqual(names(fit(withPort('UDP'), nodes, views)), ['a']);
});

test('required anti-affinity keeps pods apart in both directions', () => {
  const labels = { app: 'db' };
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const lonely = pod({ affinity }, { labels });
  const nodes = [node('a', {}, {}, [lonely]), node('b')];
  assert.deepEqual(names(fit(pod({ affinity }, { labels }), nodes, views)), ['b']);
  assert.deepEqual(names(fit(pod({}, { labels }), nodes, views)), ['b']);
  assert.deepEqual(names(fit(pod({}, { labels: { app: 'web' } }), nodes, views)), ['a', 'b']);
});

test('required affinity follows its pods, and the first of its kind may go anywhere', () => {
  const labels = { app: 'web' };
  const term = { topologyKey: 'zone', labelSelector: { matchLabels: labels } };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const empty = [node('a', {}, { zone: '1' }), node('b', {}, { zone: '2' }), node('c')];
  assert.deepEqual(names(fit(pod({ affinity }, { labels }), empty, views)), ['a', 'b']);
  const taken = [node('a', {}, { zone: '1' }), node('b', {}, { zone: '2' }, [pod({}, { labels })])];
  assert.deepEqual(names(fit(pod({ affinity }, { labels }), taken, views)), ['b']);
});

test('topology spread keeps the skew', () => {
  const labels = { app: 'web' };
  const constraint = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  const nodes = [node('a', {}, { zone: '1' }, [pod({}, { labels })]), node('b', {}, { zone: '2' }), node('c')];
  const found = fit(pod({ topologySpreadConstraints: [constraint] }, { labels }), nodes, views);
  assert.deepEqual(names(found), ['b']);
  assert.match(fitMessage(found, 3, ''), /missing required label/);
});

test('preemption takes the fewest and least important pods', () => {
  const low = pod({ ...asking('500m'), priority: 1 });
  const lower = pod({ ...asking('500m'), priority: 0 });
  const other = pod({ ...asking('1'), priority: 5 });
  const nodes = [node('a', {}, {}, [low, lower]), node('b', {}, {}, [other])];
  const important = pod({ ...asking('500m'), priority: 10 });
  const result = preempt(important, fit(important, nodes, views), nodes, views, []);
  assert.equal(result.node?.name, 'a');
  assert.deepEqual(result.victims, [lower]);
  const never = pod({ ...asking('500m'), priority: 10, preemptionPolicy: 'Never' });
  assert.match(preempt(never, fit(never, nodes, views), nodes, views, []).message, /preemptionPolicy=Never/);
});

test('the emptier node is better, and preferences outweigh it', () => {
  const nodes = [node('a', {}, {}, [pod(asking('500m'))]), node('b', {}, { disk: 'hdd' })];
  assert.equal(bestNode(pod(asking('100m')), nodes, nodes, views, SCORES)?.name, 'b');
  const taint = { key: 'k', effect: 'PreferNoSchedule' };
  const tainted = [node('a', { taints: [taint] }), node('b')];
  assert.equal(bestNode(pod(), tainted, tainted, views, SCORES)?.name, 'b');
});
