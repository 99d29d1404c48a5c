import type { Running } from '../client/index.ts';
import type { ControllerContext } from './contract.ts';
import { startDeployments } from './deployment/deployment.ts';
import { startEndpointSlices } from './endpoints/endpoint-slice.ts';
import { startEndpoints } from './endpoints/endpoints.ts';
import { startGarbageCollector } from './garbage/collector.ts';
import { startNamespaces } from './namespace.ts';
import { startReplicaSets, startReplicationControllers } from './replica-set.ts';
import { startRootCa } from './root-ca.ts';
import { startServiceAccounts } from './service-account.ts';
import { startStatefulSets } from './statefulset/statefulset.ts';
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
  startNamespaces,
  startGarbageCollector,
  startStatefulSets,
  startVolumeBinder,
  startVolumePhases,
  startDirectoryProvisioner,
  startVolumeProtection,
  startEphemeralVolumes,
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
