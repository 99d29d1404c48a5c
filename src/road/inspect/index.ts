export type * from './contract.ts';
export { inspect } from './inspect.ts';
