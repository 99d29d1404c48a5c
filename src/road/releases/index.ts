export { author } from './author.ts';
export { configurationHash } from './configuration-hash.ts';
export type * from './contract.ts';
export { asWanted, type Difference, differences, withoutSecrets } from './difference.ts';
export { openLedger, releasesIn } from './ledger.ts';
export { currentStep, stepsOf } from './steps.ts';
