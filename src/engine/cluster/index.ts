export {
  type ClusterStatus,
  clusterStatus,
  deleteCluster,
  ensureCluster,
  kubeconfigOf,
  listClusters,
  type ReadyCluster,
  runningCluster,
  type StartOptions,
  type StartResult,
  startClusterProcess,
  stopClusterProcess,
} from './commands.ts';
export { runEngine } from './engine.ts';
export { findProgram, inspectMachine, type MachineCheck, PROGRAMS } from './machine.ts';
export {
  checkClusterName,
  contextOf,
  DEFAULTS,
  homeDirectory,
  imageStoreDirectory,
  KUBERNETES_VERSION,
  pathsOf,
} from './settings.ts';
