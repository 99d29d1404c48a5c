export { applicationOf } from './application-of.ts';
export { type ComposeFileOptions, composeFileOf, environmentExampleOf } from './compose-file.ts';
export type * from './contract.ts';
export { looksHidden, whyHidden } from './hidden.ts';
export { smokeRoute } from './probes.ts';
export { usualPort } from './servers.ts';
