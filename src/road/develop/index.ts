export type * from './contract.ts';
export { develop } from './develop.ts';
export { developmentObjects } from './development-objects.ts';
export { streamLogs } from './log-stream.ts';
export { developmentWay } from './way.ts';
