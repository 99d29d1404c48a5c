export type * from './contract.ts';
export { load, startLoad, WORKER_COMMAND } from './start-load.ts';
export { runLoadWorker } from './worker.ts';
