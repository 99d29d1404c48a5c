export type * from './contract.ts';
export { createNetwork, type NetworkOptions } from './network.ts';
