export { applicationOfCompose, type ComposeApplication } from './application.ts';
export type * from './contract.ts';
export { COMPOSE_NAMES } from './find-files.ts';
export { readCompose } from './read-compose.ts';
