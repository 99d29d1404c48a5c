export { defaultAdmissions } from './admission/index.ts';
export type { ResourceSettings } from './context.ts';
export type * from './contract.ts';
export { createResources, type ResourceParts, tombstone } from './resources.ts';
