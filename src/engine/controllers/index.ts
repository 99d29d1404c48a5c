export type * from './contract.ts';
export { startControllers } from './start.ts';
