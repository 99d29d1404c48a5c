import type { Running } from '../client/index.ts';
import { startCertificateSigning } from './certificate-signing.ts';
import { startClusterRoleAggregation } from './cluster-role-aggregation.ts';
import type { ControllerContext } from './contract.ts';
import { startCronJobs } from './cronjob/cronjob.ts';
import { startDaemonSets } from './daemonset/daemonset.ts';
import { startDeployments } from './deployment/deployment.ts';
import { startDisruption } from './disruption.ts';
import { startEndpointSlices } from './endpoints/endpoint-slice.ts';
import { startEndpoints } from './endpoints/endpoints.ts';
import { startEndpointMirroring } from './endpoints/mirroring.ts';
import { startGarbageCollector } from './garbage/collector.ts';
import { startJobs } from './job/job.ts';
import { startNamespaces } from './namespace.ts';
import { startNodeLifecycle } from './node-lifecycle.ts';
import { startPodGarbage } from './pod-garbage.ts';
import { startResourceQuotas } from './quota.ts';
import { startReplicaSets, startReplicationControllers } from './replica-set.ts';
import { startRootCa } from './root-ca.ts';
import { startServiceAccounts } from './service-account.ts';
import { startStatefulSets } from './statefulset/statefulset.ts';
import { startTokenSecrets } from './token-secret.ts';
import { startTtlAfterFinished } from './ttl.ts';
import { startVolumeBinder } from './volumes/binder.ts';
import { startDirectoryProvisioner } from './volumes/directory-provisioner.ts';
import { startEphemeralVolumes } from './volumes/ephemeral.ts';
import { startVolumeProtection } from './volumes/protection.ts';
import { startVolumePhases } from './volumes/volume-phases.ts';

/** Every controller, in the order of the ways an application takes through them. */
const CONTROLLERS: readonly ((context: ControllerContext) => Running)[] = [
  startServiceAccounts,
  startRootCa,
  startDeployments,
  startReplicaSets,
  startReplicationControllers,
  startEndpointSlices,
  startEndpoints,
  startEndpointMirroring,
  startNamespaces,
  startGarbageCollector,
  startStatefulSets,
  startDaemonSets,
  startJobs,
  startCronJobs,
  startTtlAfterFinished,
  startVolumeBinder,
  startVolumePhases,
  startDirectoryProvisioner,
  startVolumeProtection,
  startEphemeralVolumes,
  startPodGarbage,
  startNodeLifecycle,
  startDisruption,
  startResourceQuotas,
  startTokenSecrets,
  startClusterRoleAggregation,
  startCertificateSigning,
];

/** Starts all controllers; they begin to act as soon as their views are complete. `stop` waits for work under way. */
export function startControllers(context: ControllerContext): Running {
  const running = CONTROLLERS.map((start) => start(context));
  return {
    async stop() {
      await Promise.all(running.map((controller) => controller.stop()));
    },
  };
}
