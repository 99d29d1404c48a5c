export type * from './contract.ts';
export { labelOf, readProject } from './read-project.ts';
export { isOwnSecret } from './secret.ts';
