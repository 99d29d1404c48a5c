export { author } from './author.ts';
export { configurationHash } from './configuration-hash.ts';
export type * from './contract.ts';
export { openLedger, releasesIn } from './ledger.ts';
