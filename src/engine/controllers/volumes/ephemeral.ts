import type { Running } from '../../client/index.ts';
import { kinds, type PersistentVolumeClaim, StatusError } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, splitKey } from '../controller.ts';
import { controllerReference } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { isPodTerminal } from '../pod-state.ts';

/** Makes the claims of generic ephemeral volumes; the garbage collector takes them away with their pod. */
export function startEphemeralVolumes(context: ControllerContext): Running {
  const { client, informers } = context;
  const pods = informers.of(kinds.pods);
  const claims = informers.of(kinds.persistentvolumeclaims);
  const recorder = context.recorder('ephemeral_volume');

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return;
    for (const volume of pod.spec.volumes ?? []) {
      const template = volume.ephemeral?.volumeClaimTemplate;
      if (template === undefined) continue;
      const claimName = `${name}-${volume.name}`;
      const found = claims.get(namespace, claimName);
      if (found?.metadata.ownerReferences?.some((owner) => owner.uid === pod.metadata.uid)) continue;
      try {
        if (found !== undefined) {
          throw new Error(
            `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${name} (pod is not owner)`,
          );
        }
        const { labels, annotations } = template.metadata ?? {};
        await client.create<PersistentVolumeClaim>(kinds.persistentvolumeclaims, {
          metadata: {
            name: claimName,
            namespace,
            ...(labels ? { labels } : {}),
            ...(annotations ? { annotations } : {}),
            ownerReferences: [controllerReference(pod)],
          },
          spec: template.spec,
        });
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        if (error instanceof StatusError && error.reason === 'AlreadyExists') throw error;
        recorder.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${String(error)}`);
        throw error;
      }
    }
  };

  const loop = controllerLoop(context, 'ephemeral-volume', [pods, claims], reconcile);
  pods.onChange((now, before) => {
    if (now === undefined || before !== undefined) return;
    if (now.spec.volumes?.some((volume) => volume.ephemeral !== undefined)) {
      loop.add(`${now.metadata.namespace}/${now.metadata.name}`);
    }
  });
  claims.onChange((now, before) => {
    const owner = now === undefined ? before?.metadata.ownerReferences?.find((each) => each.kind === 'Pod') : undefined;
    if (owner !== undefined) loop.add(`${before?.metadata.namespace}/${owner.name}`);
  });
  return loop;
}
