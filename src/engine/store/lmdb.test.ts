import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../base/index.ts';
import { CompactedError, type StoreEvent } from './contract.ts';
import { drop, put, settled, storeContract } from './contract-suite.ts';
import { openStore } from './lmdb.ts';

const WRITER = 'write-until-killed';

if (process.argv[2] === WRITER) await writeUntilKilled(process.argv[3] ?? '');
else tests();

/** Sixteen writers; says each key when its write is acknowledged. */
async function writeUntilKilled(path: string): Promise<void> {
  const store = await openStore({ path });
  await Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      for (let at = 0; at < 100_000; at++) {
        const entry = await put(store, `/w/${writer}-${at}`, { at });
        process.stdout.write(`${entry.key} ${entry.revision}\n`);
      }
    }),
  );
}

function tests(): void {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-store-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  const freshPath = () => join(folder, `${++files}`, 'store');

  storeContract('lmdb', (options) => openStore({ path: freshPath(), ...options }));

  test('a store opened again has its objects, revisions and watchable past', async () => {
    const path = freshPath();
    const first = await openStore({ path });
    for (const key of ['/a/x', '/a/y', '/a/z']) await put(first, key, { key });
    const from = first.revision;
    await put(first, '/a/x', { again: true });
    await drop(first, '/a/y');
    await first.close();

    const second = await openStore({ path });
    equal(second.revision, 6);
    deepEqual(
      second.list('/a/').entries.map((entry) => [entry.key, entry.revision]),
      [
        ['/a/x', 5],
        ['/a/z', 4],
      ],
    );
    equal(second.get('/a/x')?.bytes().toString(), JSON.stringify({ again: true, revision: 5 }));
    equal(second.list('/a/', { revision: from }).entries.length, 3);
    const told: StoreEvent[] = [];
    second.watch({ prefix: '/a/', after: from, onEvents: (events) => told.push(...events) });
    await put(second, '/a/w');
    deepEqual(
      told.map((event) => [event.type, event.key, event.revision]),
      [
        ['modified', '/a/x', 5],
        ['deleted', '/a/y', 6],
        ['added', '/a/w', 7],
      ],
    );
    await second.close();
  });

  test('what fell out of the window stays out after opening again, and its records leave the file', async () => {
    const path = freshPath();
    const first = await openStore({ path, historyRevisions: 3 });
    for (let at = 0; at < 20; at++) await put(first, '/a/x', { at });
    await drop(first, '/a/x');
    await put(first, '/a/y');
    const { oldestRevision } = first;
    await first.close();
    const second = await openStore({ path, historyRevisions: 3 });
    ok(second.oldestRevision >= oldestRevision - 1);
    throws(() => second.watch({ prefix: '/', after: oldestRevision - 2, onEvents() {} }), CompactedError);
    for (let at = 0; at < 6; at++) await put(second, '/a/y', { at });
    const { revision } = second;
    await second.close();
    const third = await openStore({ path, historyRevisions: 3 });
    equal(third.revision, revision);
    deepEqual(
      third.list('/').entries.map((entry) => entry.key),
      ['/a/y'],
    );
    await third.close();
  });

  test('a writer killed in the middle loses nothing that was acknowledged', async () => {
    const path = freshPath();
    mkdirSync(join(path, '..'), { recursive: true });
    const child = fork(fileURLToPath(import.meta.url), [WRITER, path], { silent: true });
    const acknowledged: string[] = [];
    const lines = createInterface({ input: child.stdout ?? process.stdin });
    lines.on('line', (line) => {
      acknowledged.push(line);
      if (acknowledged.length === 2000) child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    const store = await openStore({ path });
    const last = acknowledged.pop() ?? '';
    for (const line of last.split(' ').length === 2 && last !== '' ? acknowledged : []) {
      const [key = '', revision] = line.split(' ');
      equal(store.get(key)?.revision, Number(revision), key);
    }
    ok(acknowledged.length >= 1999);
    await store.close();
  });

  test('a full disk refuses the write and keeps the rest, and takes writes again when there is room', async () => {
    const mount = join(folder, 'full');
    mkdirSync(mount);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount]);
    try {
      writeFileSync(join(mount, 'ballast'), Buffer.alloc(1024 * 1024));
      const store = await openStore({ path: join(mount, 'store') });
      const written: string[] = [];
      const fill = async () => {
        for (let at = 0; at < 2000; at++) {
          await put(store, `/a/${at}`, { text: 'x'.repeat(3000) });
          written.push(`/a/${at}`);
        }
      };
      await rejects(fill(), /no space left on the disk of the store/);
      const { revision } = store;
      ok(written.length > 10);
      equal(store.count('/a/'), written.length);
      equal(store.head(`/a/${written.length}`), undefined);
      rmSync(join(mount, 'ballast'));
      const entry = await put(store, '/b/after');
      ok(entry.revision > revision);
      await store.close();
      const again = await openStore({ path: join(mount, 'store') });
      equal(again.count('/a/'), written.length);
      equal(again.get('/b/after')?.revision, entry.revision);
      await again.close();
    } finally {
      await settled();
      await run('umount', [mount]);
    }
  });

  test('the file grows by itself', async () => {
    const store = await openStore({ path: freshPath() });
    const text = 'x'.repeat(100_000);
    for (let round = 0; round < 8; round++) {
      await Promise.all(Array.from({ length: 40 }, (_, at) => put(store, `/a/${round}-${at}`, { text })));
    }
    equal(store.count('/a/'), 320);
    await store.close();
  });
}
