export type * from './contract.ts';
export { startNode } from './node.ts';
