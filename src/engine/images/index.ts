export type * from './contract.ts';
export { PullError } from './contract.ts';
