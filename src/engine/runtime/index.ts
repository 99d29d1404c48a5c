export type * from './contract.ts';
export { openRuntime, type RuntimeOptions } from './crun-runtime.ts';
export { hollowRuntime } from './hollow-runtime.ts';
