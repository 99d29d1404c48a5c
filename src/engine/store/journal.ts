import type { Entry } from './contract.ts';

/** One change as it goes to disk. `entry` is undefined for a delete. */
export interface JournalRecord {
  readonly revision: number;
  readonly key: string;
  readonly entry: Entry | undefined;
}

/** What a batch brings to disk, all of it or nothing. */
export interface JournalBatch {
  readonly records: readonly JournalRecord[];
  /** Revisions whose records nobody can read any more. */
  readonly forget: readonly number[];
  /** The newest revision given out, and the oldest that can still be read. */
  readonly revision: number;
  readonly oldestRevision: number;
}

/** Where changes are made durable. */
export interface Journal {
  /** Resolves when the batch is on disk. Atomic: when it rejects nothing of the batch is there. One call at a time. */
  append(batch: JournalBatch): Promise<void>;
  close(): Promise<void>;
}

/** What a journal held when it was opened, oldest first. */
export interface JournalContent {
  readonly records: Iterable<{ revision: number; key: string; value: object | undefined; bytes: Buffer | undefined }>;
  readonly revision: number;
  readonly oldestRevision: number;
}
