import { statfsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../base/index.ts';
import type { Store, StoreOptions } from './contract.ts';
import type { Journal, JournalBatch, JournalContent } from './journal.ts';
import { JournaledStore } from './journaled-store.ts';

/** The key of the counters; revisions start at 2. */
const COUNTERS = 0;
const VERSION = 1;
const PAGE_BYTES = 4096;
/** Room left on the disk for the tree's own pages. */
const RESERVE_BYTES = 512 * 1024;

interface Counters {
  version: number;
  revision: number;
  oldestRevision: number;
}

/**
 * Opens the store kept in the file `path` (LMDB; made when missing). Every write is on disk before it is acknowledged.
 *
 * One table: revision -> the change. A record goes when a newer one of its key is older than the history window, so what
 * is left is every live object once, and the window. Opening reads it in order and plays it again.
 */
export async function openStore(options: { path: string } & StoreOptions): Promise<Store> {
  const { open } = await import('lmdb');
  await mkdir(dirname(options.path), { recursive: true });
  const database = open<Buffer, number>({
    path: options.path,
    noSubdir: true,
    encoding: 'binary',
    // Overlapping syncs acknowledge before the disk has the data.
    overlappingSync: false,
    maxDbs: 1,
  });
  const journal: Journal = {
    append: (batch) => append(database, dirname(options.path), batch),
    close: () => database.close(),
  };
  try {
    return new JournaledStore(journal, read(database), options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Database {
  get(key: number): Buffer | undefined;
  getRange(options: { start: number }): Iterable<{ key: number; value: Buffer }>;
  put(key: number, value: Buffer): Promise<boolean>;
  remove(key: number): Promise<boolean>;
}

/** Writes of one turn of the event loop are one transaction to lmdb; its own `transaction` needs a second thread. */
async function append(database: Database, folder: string, batch: JournalBatch): Promise<void> {
  const counters: Counters = { version: VERSION, revision: batch.revision, oldestRevision: batch.oldestRevision };
  const records = batch.records.map((record) => encodeRecord(record.key, record.entry?.bytes()));
  checkRoom(folder, records, batch.forget.length);
  const done: Promise<boolean>[] = [];
  batch.records.forEach((record, at) => {
    const bytes = records[at];
    if (bytes) done.push(database.put(record.revision, bytes));
  });
  for (const revision of batch.forget) done.push(database.remove(revision));
  done.push(database.put(COUNTERS, Buffer.from(JSON.stringify(counters))));
  const results = await Promise.allSettled(done);
  const refused = results.find((result) => result.status === 'rejected');
  if (refused) throw await reasonOf(refused.reason);
}

/**
 * lmdb's own handling of a full disk damages the process's memory, so it must not come to that: every record may cost
 * the pages it fills and a copy of two pages of the tree.
 */
function checkRoom(folder: string, records: readonly Buffer[], forgotten: number): void {
  let neededBytes = RESERVE_BYTES + (records.length + forgotten) * 2 * PAGE_BYTES;
  for (const record of records) neededBytes += record.length;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < neededBytes) {
    throw new Error(`no space left on the disk of the store (${bavail * bsize} bytes free, ${neededBytes} needed)`);
  }
}

/** lmdb hides the system's error in a promise of its own, which must be awaited lest it count as unhandled. */
async function reasonOf(error: unknown): Promise<Error> {
  const hidden = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  const cause = await Promise.resolve(hidden).then(
    () => error,
    (reason: unknown) => reason,
  );
  return new Error(`the disk refused it: ${messageOf(cause)}`, { cause });
}

function read(database: Database): JournalContent {
  const bytes = database.get(COUNTERS);
  if (!bytes) return { records: [], revision: 1, oldestRevision: 1 };
  const counters = JSON.parse(bytes.toString()) as Counters;
  if (counters.version !== VERSION) {
    throw new Error(`open store: its format is ${counters.version}, this program reads ${VERSION}`);
  }
  return { records: records(database), revision: counters.revision, oldestRevision: counters.oldestRevision };
}

function* records(database: Database): JournalContent['records'] {
  for (const { key: revision, value } of database.getRange({ start: COUNTERS + 1 })) {
    yield { revision, ...decodeRecord(value) };
  }
}

/** Two bytes of key length, the key, the JSON (nothing for a delete). */
function encodeRecord(key: string, json: Buffer | undefined): Buffer {
  const name = Buffer.from(key);
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16BE(name.length);
  return Buffer.concat(json ? [head, name, json] : [head, name]);
}

function decodeRecord(record: Buffer): { key: string; value: object | undefined; bytes: Buffer | undefined } {
  const end = 2 + record.readUInt16BE(0);
  const key = record.toString('utf8', 2, end);
  if (record.length === end) return { key, value: undefined, bytes: undefined };
  const bytes = Buffer.from(record.subarray(end));
  return { key, value: JSON.parse(bytes.toString()) as object, bytes };
}
