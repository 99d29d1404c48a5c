export type { ClaimFault } from './door-keeper.ts';
export { type ProxyOptions, startProxy } from './start.ts';
