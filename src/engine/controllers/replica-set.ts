import type { Running } from '../client/index.ts';
import { kinds, type LabelSelector, type ReplicaSet, type ReplicationController } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { startReplication } from './replication.ts';

/** apps/v1 ReplicaSets. */
export function startReplicaSets(context: ControllerContext): Running {
  return startReplication<ReplicaSet>(context, {
    name: 'replicaset-controller',
    kind: kinds.replicasets,
    selectorOf: (set) => set.spec.selector,
    withTerminating: true,
  });
}

/** v1 ReplicationControllers: the same work under a plain map as selector. */
export function startReplicationControllers(context: ControllerContext): Running {
  return startReplication<ReplicationController>(context, {
    name: 'replication-controller',
    kind: kinds.replicationcontrollers,
    selectorOf: (controller): LabelSelector | undefined =>
      Object.keys(controller.spec.selector ?? {}).length === 0
        ? undefined
        : { matchLabels: controller.spec.selector ?? {} },
    withTerminating: false,
  });
}
