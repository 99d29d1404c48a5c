export type * from './contract.ts';
export { CompactedError, ConflictError, FutureRevisionError } from './contract.ts';
export { StoreWriteError } from './journaled-store.ts';
export { openStore } from './lmdb.ts';
export { memoryStore } from './memory.ts';
