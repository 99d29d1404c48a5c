export type * from './contract.ts';
export { StatusError } from './contract.ts';
export * as kinds from './generated/constants.ts';
export type * from './generated/types.ts';
