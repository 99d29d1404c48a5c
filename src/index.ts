export type { Client, ListQuery, Patch, WatchEvent } from './engine/client/index.ts';
export {
  deleteCluster,
  ensureCluster as startCluster,
  type ReadyCluster,
  type StartOptions,
  stopClusterProcess as stopCluster,
} from './engine/cluster/index.ts';
export { kinds, StatusError } from './engine/kinds/index.ts';
