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

/** The engine's process. Loaded only there: the commands that start and stop it need none of it. */
export async function runEngine(name: string): Promise<void> {
  const engine = await import('./engine.ts');
  await engine.runEngine(name);
}

/** The process that pulls an image over the host's network for an engine. */
export async function pullForEngine(): Promise<void> {
  const { answerPull } = await import('./host-images.ts');
  await answerPull();
}
