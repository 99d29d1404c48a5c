export { type FoundApp, findApps } from './apps.ts';
export type * from './contract.ts';
export { kindOfAddress } from './drivers.ts';
export { type Folder, lineOf, openFolder, placeOf } from './folder.ts';
export { labelOf, readProject } from './read-project.ts';
export { isOwnSecret, whySecret } from './secret.ts';
export { servicesOf } from './services.ts';
export { variablesOf } from './variables.ts';
export { markOf, withMark } from './written-mark.ts';
