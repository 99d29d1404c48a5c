export type * from './contract.ts';
export { deploy } from './deploy.ts';
export { existingSecrets } from './existing.ts';
export { answers, type SmokeCheck, smoke, smokePaths } from './smoke.ts';
