export { applicationOf } from './application-of.ts';
export type * from './contract.ts';
export { looksHidden, whyHidden } from './hidden.ts';
export { smokeRoute } from './probes.ts';
export { usualPort } from './servers.ts';
