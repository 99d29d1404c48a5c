import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import { eventually } from '../../testing/memory-cluster.test.ts';
import { startTestApi, type TestApi } from '../api/harness.test.ts';
import { type ConfigMap, kinds, type Namespace, StatusError } from '../kinds/index.ts';
import { type HttpClient, httpClient } from './http-client.ts';
import { createInformers } from './informers.ts';
import { createRecorder } from './recorder.ts';

let api: TestApi;
let client: HttpClient;
const namespace = 'default';

before(async () => {
  api = await startTestApi({});
  client = httpClient({ server: api.url, ca: api.ca, token: 'admin-token' });
  await client.create<Namespace>(kinds.namespaces, { metadata: { name: namespace } });
});

after(async () => {
  client.close();
  await api.close();
});

const create = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) =>
  client.create<ConfigMap>(kinds.configmaps, { metadata: { name, namespace, labels }, data });

test('objects are made, read, listed, changed and deleted', async () => {
  const made = await create('a', { k: '1' }, { set: 'crud' });
  assert.equal(made.kind, 'ConfigMap');
  assert.ok(made.metadata.uid);
  const updated = await client.update<ConfigMap>(kinds.configmaps, { ...made, data: { k: '2' } });
  assert.notEqual(updated.metadata.resourceVersion, made.metadata.resourceVersion);
  await assert.rejects(client.update<ConfigMap>(kinds.configmaps, { ...made, data: { k: '3' } }), (error) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 409);
    assert.equal(error.reason, 'Conflict');
    return true;
  });
  const patched = await client.patch<ConfigMap>(kinds.configmaps, namespace, 'a', {
    type: 'merge',
    body: { data: { l: '4' } },
  });
  assert.deepEqual(patched.data, { k: '2', l: '4' });
  const applied = await client.patch<ConfigMap>(
    kinds.configmaps,
    namespace,
    'applied',
    { type: 'apply', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { x: 'y' } } },
    { fieldManager: 'me' },
  );
  assert.equal(applied.metadata.managedFields?.[0]?.manager, 'me');
  const { items } = await client.list(kinds.configmaps, { namespace, labelSelector: 'set=crud' });
  assert.deepEqual(
    items.map((item) => [item.kind, item.apiVersion, item.metadata.name]),
    [['ConfigMap', 'v1', 'a']],
  );
  await client.delete(kinds.configmaps, namespace, 'a', { uid: made.metadata.uid });
  await assert.rejects(client.get(kinds.configmaps, namespace, 'a'), {
    name: 'StatusError',
    message: 'configmaps "a" not found',
  });
});

test('long lists come in pages', async () => {
  await Promise.all(Array.from({ length: 5 }, (_, index) => create(`page-${index}`, {}, { set: 'pages' })));
  const query = { namespace, labelSelector: 'set=pages', limit: 2 };
  const names: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(kinds.configmaps, { ...query, ...(next ? { continue: next } : {}) });
    assert.ok(page.items.length <= 2);
    names.push(...page.items.map((item) => item.metadata.name));
    next = page.continue;
  } while (next);
  assert.equal(names.length, 5);
});

test('a user without rights is forbidden, a wrong token unauthorized, a strange certificate not trusted', async () => {
  const { certificate, key } = await api.clientCertificate('nobody', []);
  const nobody = httpClient({ server: api.url, ca: api.ca, certificate, key });
  await assert.rejects(nobody.get(kinds.configmaps, namespace, 'x'), { reason: 'Forbidden' });
  const wrong = httpClient({ server: api.url, ca: api.ca, token: 'guess' });
  await assert.rejects(wrong.get(kinds.configmaps, namespace, 'x'), { reason: 'Unauthorized' });
  const stranger = httpClient({ server: api.url, token: 'admin-token' });
  await assert.rejects(stranger.get(kinds.configmaps, namespace, 'x'), /certificate/);
  for (const each of [nobody, wrong, stranger]) each.close();
});

test('raw paths are served, too', async () => {
  const answer = await client.request('GET', '/version');
  assert.equal((JSON.parse(await answer.text()) as { gitVersion: string }).gitVersion, 'v1.36.0+wherry');
});

test('a watch tells changes in order, ends when told to, and refuses a version that is too old', async () => {
  const { resourceVersion } = await client.list(kinds.configmaps, { namespace });
  const stopping = new AbortController();
  const told: string[] = [];
  const watching = client.watch(
    kinds.configmaps,
    { namespace, resourceVersion, signal: stopping.signal, labelSelector: 'set=watch' },
    (event) => {
      if (event.type === 'BOOKMARK') return;
      told.push(`${event.type} ${event.object.metadata.name}`);
      if (told.length === 3) stopping.abort();
    },
  );
  await create('w', {}, { set: 'watch' });
  await client.patch(kinds.configmaps, namespace, 'w', { type: 'merge', body: { data: { n: '1' } } });
  await client.delete(kinds.configmaps, namespace, 'w');
  await watching;
  assert.deepEqual(told, ['ADDED w', 'MODIFIED w', 'DELETED w']);
  // The test API keeps fifty revisions.
  for (let index = 0; index < 60; index++) await create(`old-${index}`);
  const signal = new AbortController().signal;
  await assert.rejects(
    client.watch(kinds.configmaps, { resourceVersion: '2', signal }, () => {}),
    { code: 410 },
  );
});

test('an informer follows, indexes, and catches up after it fell too far behind', async () => {
  let cut = false;
  const signals: AbortController[] = [];
  // The connection is the only thing taken away: what goes over it is real.
  const flaky: HttpClient = {
    ...client,
    watch: (kind, query, onEvent) => {
      if (cut) return Promise.reject(new Error('network is unreachable'));
      const own = new AbortController();
      signals.push(own);
      query.signal.addEventListener('abort', () => own.abort());
      return client.watch(kind, { ...query, signal: own.signal }, onEvent);
    },
  };
  const informers = createInformers(flaky, systemClock, silentLog);
  const informer = informers.of(kinds.configmaps);
  informer.addIndex('colour', (map) => (map.data?.colour ? [map.data.colour] : []));
  const told: string[] = [];
  informer.onChange((now, earlier) => {
    const name = (now ?? earlier)?.metadata.name ?? '';
    if (name.startsWith('inf')) told.push(`${earlier ? (now ? '~' : '-') : '+'}${name}`);
  });
  await create('inf-1', { colour: 'red' });
  await informer.synced();
  await create('inf-2', { colour: 'red' });
  await eventually('two red', () => informer.byIndex('colour', 'red').length === 2);
  await client.patch(kinds.configmaps, namespace, 'inf-2', { type: 'merge', body: { data: { colour: 'blue' } } });
  await eventually('one blue', () => informer.byIndex('colour', 'blue').length === 1);
  assert.deepEqual(
    informer.byIndex('colour', 'red').map((map) => map.metadata.name),
    ['inf-1'],
  );

  cut = true;
  for (const signal of signals) signal.abort();
  await client.delete(kinds.configmaps, namespace, 'inf-1');
  await create('inf-3');
  for (let index = 0; index < 60; index++)
    await client.patch(kinds.configmaps, namespace, 'old-0', { type: 'merge', body: { data: { n: String(index) } } });
  cut = false;
  await eventually('inf-3 known', () => informer.get(namespace, 'inf-3'));
  assert.equal(informer.get(namespace, 'inf-1'), undefined);
  assert.equal(informer.list(namespace).length, informer.list().length);
  assert.deepEqual(told.slice(0, 3), ['+inf-1', '+inf-2', '~inf-2']);
  assert.deepEqual([...told.slice(3)].sort(), ['+inf-3', '-inf-1']);
  informers.stop();
});

test('equal events are counted up on one object', async () => {
  const recorder = createRecorder(client, 'tester', systemClock, silentLog, 'host-1');
  const about = await create('subject');
  for (let count = 0; count < 3; count++) recorder.event(about, 'Warning', 'Trouble', 'it happened');
  recorder.event(about, 'Normal', 'Other', 'else', 'spec.containers{a}');
  const events = await eventually('written', async () => {
    const { items } = await client.list(kinds.events, { namespace });
    const own = items.filter((event) => event.involvedObject.name === 'subject');
    return own.length === 2 ? own : undefined;
  });
  const trouble = events.find((event) => event.reason === 'Trouble');
  assert.equal(trouble?.count, 3);
  assert.deepEqual(trouble?.source, { component: 'tester', host: 'host-1' });
  assert.equal(trouble?.reportingComponent, 'tester');
  assert.match(trouble?.metadata.name ?? '', /^subject\.[0-9a-f]+$/);
  assert.equal(events.find((event) => event.reason === 'Other')?.involvedObject.fieldPath, 'spec.containers{a}');
});

test('a connection that the server closed while idle does not fail the next request', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"kind":"Status"}');
  });
  server.keepAliveTimeout = 1;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const plain = httpClient({ server: `http://127.0.0.1:${port}` });
  for (let count = 0; count < 20; count++) {
    await (await plain.request('GET', '/')).text();
    await systemClock.sleep(count % 4);
  }
  plain.close();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(plain.request('GET', '/'), /get http:\/\/127\.0\.0\.1:\d+\/: .*ECONNREFUSED/);
});
