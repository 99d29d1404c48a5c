import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeObject, kinds } from '../kinds/index.ts';
import type { ListRequest, ResourceEvent, WatchRequest } from './contract.ts';
import { configMap, Fixture, podOf, refusal, settled } from './fixture.ts';

async function withMaps(...names: string[]): Promise<Fixture> {
  const at = new Fixture();
  for (const name of names) await at.create(kinds.configmaps, configMap(name, {}, { labels: { name } }));
  return at;
}

const listMaps = (at: Fixture, request: ListRequest = {}) => at.resources.list(at.target(kinds.configmaps), request);
const namesOf = (answer: { items: readonly { object: KubeObject }[] }) =>
  answer.items.map((item) => item.object.metadata.name);

test('a list comes in pages that all show the state of the first', async () => {
  const at = await withMaps('a', 'b', 'c', 'd');
  const first = listMaps(at, { limit: 2 });
  deepEqual([namesOf(first), first.remainingItemCount], [['a', 'b'], 2]);
  await at.create(kinds.configmaps, configMap('bb'));
  await at.resources.delete(at.target(kinds.configmaps, 'c'), at.options());
  const second = listMaps(at, { limit: 2, continue: first.continue ?? '' });
  deepEqual([namesOf(second), second.continue, second.resourceVersion], [['c', 'd'], undefined, first.resourceVersion]);
  deepEqual(namesOf(listMaps(at)), ['a', 'b', 'bb', 'd']);
});

test('a list at a version shows what was there, and says when it is gone or not yet', async () => {
  const at = await withMaps('a');
  const then = String(at.store.revision);
  await at.create(kinds.configmaps, configMap('b'));
  deepEqual(namesOf(listMaps(at, { resourceVersion: then, resourceVersionMatch: 'Exact' })), ['a']);
  deepEqual(namesOf(listMaps(at, { resourceVersion: then })), ['a', 'b']);
  deepEqual(namesOf(listMaps(at, { resourceVersion: '0' })), ['a', 'b']);
  throws(
    () => listMaps(at, { resourceVersion: '99' }),
    refusal(504, 'Timeout: Too large resource version: 99, current: 3'),
  );
  throws(
    () => listMaps(at, { resourceVersion: '0', resourceVersionMatch: 'Exact' }),
    refusal(422, /resourceVersionMatch "exact" is forbidden for resourceVersion "0"/),
  );
  throws(
    () => listMaps(at, { resourceVersionMatch: 'Exact' }),
    refusal(422, /resourceVersionMatch is forbidden unless resourceVersion is provided/),
  );
});

test('selectors thin out a list', async () => {
  const at = await withMaps('a', 'b', 'c');
  deepEqual(namesOf(listMaps(at, { labelSelector: 'name in (a,c)' })), ['a', 'c']);
  deepEqual(namesOf(listMaps(at, { fieldSelector: 'metadata.name=b' })), ['b']);
  deepEqual(namesOf(listMaps(at, { fieldSelector: 'metadata.name=none' })), []);
  const page = listMaps(at, { labelSelector: 'name!=b', limit: 1 });
  deepEqual([namesOf(page), page.remainingItemCount], [['a'], undefined]);
  deepEqual(namesOf(listMaps(at, { labelSelector: 'name!=b', limit: 1, continue: page.continue ?? '' })), ['c']);
  throws(() => listMaps(at, { fieldSelector: 'data.x=1' }), refusal(400, /data\.x/));
});

test('objects of all namespaces are listed together', async () => {
  const at = await withMaps('a');
  await at.create(kinds.configmaps, configMap('a', {}, { namespace: 'other' }));
  const { namespace: _, ...everywhere } = at.target(kinds.configmaps);
  equal(at.resources.list(everywhere, {}).items.length, 2);
});

interface Watched {
  readonly events: ResourceEvent[];
  readonly closed: (Error | undefined)[];
  stop(): void;
  told(): string[];
}

function watch(
  at: Fixture,
  request: WatchRequest,
  kind = kinds.configmaps as Parameters<Fixture['target']>[0],
): Watched {
  const events: ResourceEvent[] = [];
  const closed: (Error | undefined)[] = [];
  const { stop } = at.resources.watch(
    at.target(kind),
    request,
    (more) => events.push(...more),
    (error) => closed.push(error),
  );
  const told = () => events.map((event) => `${event.type} ${(event.object as KubeObject).metadata.name}`);
  return { events, closed, stop, told };
}

test('a watch tells of every change after its version', async () => {
  const at = await withMaps('a');
  const seen = watch(at, { resourceVersion: String(at.store.revision) });
  await at.create(kinds.configmaps, configMap('b'));
  await at.patch(kinds.configmaps, 'a', 'merge', { data: { x: '1' } });
  await at.resources.delete(at.target(kinds.configmaps, 'b'), at.options());
  await settled();
  deepEqual(seen.told(), ['ADDED b', 'MODIFIED a', 'DELETED b']);
  const last = seen.events[2];
  equal((last?.object as KubeObject | undefined)?.metadata.resourceVersion, String(at.store.revision));
  deepEqual(JSON.parse(last?.bytes().toString() ?? ''), last?.object);
  seen.stop();
  await at.create(kinds.configmaps, configMap('c'));
  await settled();
  equal(seen.events.length, 3);
});

test('a watch without a version begins with what is there', async () => {
  const at = await withMaps('a', 'b');
  const seen = watch(at, {});
  await at.create(kinds.configmaps, configMap('c'));
  await settled();
  deepEqual(seen.told(), ['ADDED a', 'ADDED b', 'ADDED c']);
});

test('initial events end with a bookmark that says so', async () => {
  const at = await withMaps('a');
  const seen = watch(at, {
    sendInitialEvents: true,
    allowWatchBookmarks: true,
    resourceVersionMatch: 'NotOlderThan',
  });
  await settled();
  deepEqual(
    seen.events.map((event) => event.type),
    ['ADDED', 'BOOKMARK'],
  );
  deepEqual(seen.events[1]?.object, {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(at.store.revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
  throws(
    () => watch(at, { sendInitialEvents: true }),
    refusal(422, /sendInitialEvents requires setting resourceVersionMatch/),
  );
});

test('objects enter and leave the view of a selector', async () => {
  const at = await withMaps('a');
  const seen = watch(at, { labelSelector: 'on=yes', resourceVersion: String(at.store.revision) });
  await at.patch(kinds.configmaps, 'a', 'merge', { data: { x: '1' } });
  await at.patch(kinds.configmaps, 'a', 'merge', { metadata: { labels: { on: 'yes' } } });
  await at.patch(kinds.configmaps, 'a', 'merge', { data: { x: '2' } });
  await at.patch(kinds.configmaps, 'a', 'merge', { metadata: { labels: { on: 'no' } } });
  await at.resources.delete(at.target(kinds.configmaps, 'a'), at.options());
  await settled();
  deepEqual(seen.told(), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  equal((seen.events[2]?.object as KubeObject | undefined)?.metadata.labels?.on, 'yes');
  equal((seen.events[2]?.object as KubeObject | undefined)?.metadata.resourceVersion, String(at.store.revision - 1));
});

test('pods are watched by node', async () => {
  const at = new Fixture();
  const seen = watch(at, { fieldSelector: 'spec.nodeName=n1', resourceVersion: '1' }, kinds.pods);
  await at.create(kinds.pods, podOf('a'));
  await at.resources.create(
    at.target(kinds.pods, 'a', 'binding'),
    { target: { kind: 'Node', name: 'n1' } },
    at.options(),
  );
  await settled();
  deepEqual(seen.told(), ['ADDED a']);
});

test('a get of the missing is a 404 and of a version to come a 504', async () => {
  const at = await withMaps('a');
  throws(() => at.get(kinds.configmaps, 'b'), refusal(404, 'configmaps "b" not found'));
  throws(() => at.resources.get(at.target(kinds.configmaps, 'a'), '1000'), refusal(504, /Too large resource version/));
  ok(at.resources.getEntry(at.target(kinds.configmaps, 'a')).bytes().length > 0);
});

test('another version of a kind is read, written and watched as such', async () => {
  const at = new Fixture();
  const draft = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
    },
  };
  const made = await at.create(kinds.v1Horizontalpodautoscalers, draft);
  equal(made.apiVersion, 'autoscaling/v1');
  equal((made.spec as { targetCPUUtilizationPercentage: number }).targetCPUUtilizationPercentage, 50);
  equal(at.get(kinds.horizontalpodautoscalers, 'h').apiVersion, 'autoscaling/v2');
  const seen = watch(at, {}, kinds.v1Horizontalpodautoscalers);
  await settled();
  equal((seen.events[0]?.object as KubeObject | undefined)?.apiVersion, 'autoscaling/v1');
  equal(JSON.parse(seen.events[0]?.bytes().toString() ?? '').apiVersion, 'autoscaling/v1');
});

test('deletecollection deletes what the selector names', async () => {
  const at = await withMaps('a', 'b', 'c');
  const gone = await at.resources.deleteCollection(
    at.target(kinds.configmaps),
    { labelSelector: 'name!=b' },
    at.options(),
  );
  equal(gone.length, 2);
  deepEqual(namesOf(listMaps(at)), ['b']);
});

test('a broken continue token is refused', async () => {
  const at = await withMaps('a');
  await rejects(async () => listMaps(at, { continue: '%%%' }), refusal(400, /^continue key is not valid/));
});

test('a watch from a version that is gone ends with 410, one from before the first is told all', async () => {
  const at = await withMaps('a');
  const seen = watch(at, { resourceVersion: '1' });
  await settled();
  deepEqual(seen.told(), ['ADDED a']);
  const short = new Fixture([], 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) await short.create(kinds.configmaps, configMap(name));
  const late = watch(short, { resourceVersion: '2' });
  await settled();
  equal(late.events[0]?.type, 'ERROR');
  deepEqual((late.events[0]?.object as unknown as { code: number; reason: string } | undefined)?.reason, 'Expired');
  equal(late.closed.length, 1);
});

test('a page past the window carries a token to go on with', async () => {
  const at = new Fixture([], 2);
  for (const name of ['a', 'b', 'c', 'd']) await at.create(kinds.configmaps, configMap(name));
  const first = listMaps(at, { limit: 1 });
  for (const name of ['e', 'f', 'g']) await at.create(kinds.configmaps, configMap(name));
  let token = '';
  throws(
    () => listMaps(at, { limit: 1, continue: first.continue ?? '' }),
    (error: unknown) => {
      token = (error as { status?: { metadata?: { continue?: string } } }).status?.metadata?.continue ?? '';
      return refusal(410, /^The provided continue parameter is too old/)(error);
    },
  );
  deepEqual(namesOf(listMaps(at, { continue: token })), ['b', 'c', 'd', 'e', 'f', 'g']);
});
