export type * from './contract.ts';
export { plotOf } from './plot.ts';
export { load, startLoad, WORKER_COMMAND } from './start-load.ts';
export { loadSummary, loadText } from './text.ts';
export { runLoadWorker } from './worker.ts';
