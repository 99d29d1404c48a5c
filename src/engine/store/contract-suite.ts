import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import {
  CompactedError,
  ConflictError,
  FutureRevisionError,
  type Store,
  type StoreEvent,
  type StoreOptions,
} from './contract.ts';

type Open = (options?: StoreOptions) => Promise<Store>;

export const put = (store: Store, key: string, value: object = {}) =>
  store.write({ key, expect: store.head(key)?.revision ?? 0, make: (revision) => ({ ...value, revision }) });
export const drop = (store: Store, key: string) =>
  store.write({ key, expect: store.head(key)?.revision ?? 0, make: () => undefined });
const keysOf = (entries: readonly { key: string }[]) => entries.map((entry) => entry.key);
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What every driver of the Store contract must do. */
export function storeContract(name: string, open: Open): void {
  const withStore = (text: string, body: (store: Store) => Promise<void>, options?: StoreOptions) =>
    test(`${name}: ${text}`, async () => {
      const store = await open(options);
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });

  withStore('an empty store is at revision 1 and holds nothing', async (store) => {
    equal(store.revision, 1);
    deepEqual(store.list('/'), { entries: [], revision: 1, remaining: 0 });
  });

  withStore('a write gives the next revision, and reads see value, revision and bytes', async (store) => {
    const entry = await put(store, '/a/x', { colour: 'red' });
    equal(entry.revision, 2);
    equal(store.revision, 2);
    equal(store.get('/a/x'), entry);
    deepEqual(JSON.parse(entry.bytes().toString()), { colour: 'red', revision: 2 });
    equal(entry.bytes(), entry.bytes());
  });

  withStore('a reader sees a change only when it is durable, head sees it at once', async (store) => {
    const written = put(store, '/a/x');
    equal(store.get('/a/x'), undefined);
    equal(store.head('/a/x')?.revision, 2);
    await written;
    equal(store.get('/a/x')?.revision, 2);
  });

  withStore('settled comes when what head shows can be read', async (store) => {
    await store.settled();
    const written = put(store, '/a/x');
    await store.settled();
    equal(store.get('/a/x'), store.head('/a/x'));
    await written;
  });

  withStore('a change that expects another revision is refused and tells what is there', async (store) => {
    await put(store, '/a/x');
    const late = store.write({ key: '/a/x', expect: 0, make: () => ({}) });
    await rejects(late, (error: unknown) => error instanceof ConflictError && error.found?.revision === 2);
    await rejects(store.write({ key: '/a/y', expect: 7, make: () => ({}) }), ConflictError);
    await rejects(store.write({ key: '/a/y', expect: 0, make: () => undefined }), ConflictError);
    equal(store.revision, 2);
  });

  withStore('of two changes on the same revision in one tick the first wins', async (store) => {
    await put(store, '/a/x');
    const results = await Promise.allSettled(
      ['one', 'two'].map((who) => store.write({ key: '/a/x', expect: 2, make: () => ({ who }) })),
    );
    deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected'],
    );
    deepEqual(store.get('/a/x')?.value, { who: 'one' });
  });

  withStore('a make that throws uses up no revision', async (store) => {
    const bad = store.write({
      key: '/a/x',
      expect: 0,
      make: () => {
        throw new Error('no');
      },
    });
    await rejects(bad, /no/);
    equal((await put(store, '/a/x')).revision, 2);
  });

  withStore('lists are in order of keys, in pages, with what remains', async (store) => {
    await Promise.all(['/a/c', '/b/z', '/a/a', '/a/b', '/a/d'].map((key) => put(store, key)));
    deepEqual(keysOf(store.list('/a/').entries), ['/a/a', '/a/b', '/a/c', '/a/d']);
    const page = store.list('/a/', { limit: 2 });
    deepEqual([keysOf(page.entries), page.remaining], [['/a/a', '/a/b'], 2]);
    const next = store.list('/a/', { limit: 2, after: '/a/b' });
    deepEqual([keysOf(next.entries), next.remaining], [['/a/c', '/a/d'], 0]);
    deepEqual([store.count('/a/'), store.count('/'), store.count('/c/')], [4, 5, 0]);
  });

  withStore('a list of an old revision shows what was there then, page by page', async (store) => {
    for (const key of ['/a/a', '/a/b', '/a/c', '/a/d']) await put(store, key, { age: 1 });
    const then = store.revision;
    await drop(store, '/a/b');
    await put(store, '/a/c', { age: 2 });
    await put(store, '/a/aa');
    const first = store.list('/a/', { revision: then, limit: 2 });
    deepEqual([keysOf(first.entries), first.remaining, first.revision], [['/a/a', '/a/b'], 2, then]);
    const second = store.list('/a/', { revision: then, after: '/a/b' });
    deepEqual(keysOf(second.entries), ['/a/c', '/a/d']);
    equal((second.entries[0]?.value as { age?: number } | undefined)?.age, 1);
    equal(store.getAt('/a/b', then)?.revision, 3);
    equal(store.getAt('/a/b', store.revision), undefined);
    equal(store.getAt('/a/aa', then), undefined);
  });

  withStore(
    'revisions past the window are gone, those of the future are not there yet',
    async (store) => {
      for (let at = 0; at < 10; at++) await put(store, '/a/x', { at });
      equal(store.revision, 11);
      equal(store.oldestRevision, 7);
      throws(() => store.list('/a/', { revision: 6 }), CompactedError);
      throws(() => store.getAt('/a/x', 6), CompactedError);
      throws(() => store.watch({ prefix: '/', after: 6, onEvents() {} }), CompactedError);
      throws(() => store.list('/a/', { revision: 12 }), FutureRevisionError);
      equal(store.getAt('/a/x', 7)?.revision, 7);
    },
    { historyRevisions: 4 },
  );

  withStore('a watch is told of every change after its revision once, in order', async (store) => {
    await put(store, '/a/x');
    const from = store.revision;
    await put(store, '/a/y');
    const told: StoreEvent[] = [];
    const watch = store.watch({ prefix: '/a/', after: from, onEvents: (events) => told.push(...events) });
    const writes = [put(store, '/a/x'), put(store, '/b/z'), drop(store, '/a/y')];
    await Promise.all(writes);
    deepEqual(
      told.map((event) => [event.type, event.key, event.revision]),
      [
        ['added', '/a/y', 3],
        ['modified', '/a/x', 4],
        ['deleted', '/a/y', 6],
      ],
    );
    equal(told[1]?.previous?.revision, 2);
    watch.stop();
    await put(store, '/a/x');
    equal(told.length, 3);
  });

  withStore('watches of a folder, a part of a name and everything see their own', async (store) => {
    const told = new Map<string, string[]>();
    for (const prefix of ['/', '/a/', '/a/x', '/b/']) {
      const keys: string[] = [];
      told.set(prefix, keys);
      store.watch({ prefix, onEvents: (events) => keys.push(...keysOf(events)) });
    }
    for (const key of ['/a/x', '/a/xy', '/a/z', '/c/x']) await put(store, key);
    deepEqual(Object.fromEntries(told), {
      '/': ['/a/x', '/a/xy', '/a/z', '/c/x'],
      '/a/': ['/a/x', '/a/xy', '/a/z'],
      '/a/x': ['/a/x', '/a/xy'],
      '/b/': [],
    });
  });

  withStore('a watch stopped before it is told of the past hears nothing', async (store) => {
    await put(store, '/a/x');
    let calls = 0;
    store.watch({ prefix: '/', after: 1, onEvents: () => calls++ }).stop();
    await settled();
    equal(calls, 0);
  });

  withStore(
    "a delete's event carries the tombstone at the delete's revision",
    async (store) => {
      await put(store, '/a/x', { colour: 'red' });
      const told: StoreEvent[] = [];
      store.watch({ prefix: '/', onEvents: (events) => told.push(...events) });
      const gone = await drop(store, '/a/x');
      deepEqual(gone.value, { colour: 'red', revision: 3 });
      equal(told[0]?.entry, gone);
      equal(gone.revision, 3);
    },
    { tombstone: (value, revision) => ({ ...value, revision }) },
  );

  withStore('many keys keep their order and their count through adding and deleting', async (store) => {
    const keys = Array.from({ length: 3000 }, (_, at) => `/k/${((at * 7919) % 3000).toString().padStart(5, '0')}`);
    await Promise.all(keys.map((key) => put(store, key)));
    await Promise.all(keys.filter((_, at) => at % 3 === 0).map((key) => drop(store, key)));
    const left = keys.filter((_, at) => at % 3 !== 0).sort();
    deepEqual(keysOf(store.list('/k/').entries), left);
    equal(store.count('/k/'), left.length);
    equal(store.count('/k/00'), left.filter((key) => key.startsWith('/k/00')).length);
    const middle = left[700] ?? '';
    const rest = store.list('/k/', { after: middle, limit: 5 });
    deepEqual(keysOf(rest.entries), left.slice(701, 706));
    equal(rest.remaining, left.length - 706);
  });

  test(`${name}: a closed store has finished what was asked of it and refuses more`, async () => {
    const store = await open();
    const written = put(store, '/a/x');
    await store.close();
    ok(await written);
    await rejects(put(store, '/a/y'), /closed/);
  });
}
