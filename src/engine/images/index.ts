export { buildImage } from './build.ts';
export type { BuildOptions, Secret } from './build-types.ts';
export type * from './contract.ts';
export { PullError } from './contract.ts';
export { pullImage } from './pull-door.ts';
export { type PushOptions, pushImage } from './push.ts';
export { createRegistry, type Registry, type RegistryOptions } from './registry-server.ts';
export type { Environment, ImageStoreOptions, RegistrySettings } from './settings.ts';
export { type LocalImageStore, openImageStore } from './store.ts';
