export { buildImage } from './build.ts';
export type { BuildOptions, Secret } from './build-types.ts';
export type * from './contract.ts';
export { PullError } from './contract.ts';
export type { Environment, ImageStoreOptions, RegistrySettings } from './settings.ts';
export { type LocalImageStore, openImageStore } from './store.ts';
