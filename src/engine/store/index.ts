export type * from './contract.ts';
export { CompactedError, ConflictError, FutureRevisionError } from './contract.ts';
