import type { Running } from '../../client/index.ts';
import { kinds, type Pod } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from '../controller.ts';
import { orMissing } from '../ownership.ts';
import { isPodTerminal } from '../pod-state.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/** Holds back the deletion of claims that pods use, and of volumes that are bound. */
export function startVolumeProtection(context: ControllerContext): Running {
  const { client, informers } = context;
  const claims = informers.of(kinds.persistentvolumeclaims);
  const volumes = informers.of(kinds.persistentvolumes);
  const pods = informers.of(kinds.pods);
  pods.addIndex('claim', (pod) => podClaims(pod).map((name) => `${pod.metadata.namespace}/${name}`));

  const reconcileClaim = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const claim = claims.get(namespace, name);
    if (claim === undefined) return;
    const { uid, resourceVersion, finalizers = [], deletionTimestamp } = claim.metadata;
    const protectedNow = finalizers.includes(CLAIM_FINALIZER);
    if (deletionTimestamp === undefined) {
      if (protectedNow) return;
      const body = { metadata: { uid, resourceVersion, finalizers: [...finalizers, CLAIM_FINALIZER] } };
      await orMissing(client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body }));
      return;
    }
    if (!protectedNow || pods.byIndex('claim', key).some(uses)) return;
    const left = finalizers.filter((finalizer) => finalizer !== CLAIM_FINALIZER);
    const body = { metadata: { uid, resourceVersion, finalizers: left } };
    await orMissing(client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body }));
  };

  const reconcileVolume = async (name: string): Promise<undefined> => {
    const volume = volumes.get(undefined, name);
    if (volume === undefined) return;
    const { uid, resourceVersion, finalizers = [], deletionTimestamp } = volume.metadata;
    const protectedNow = finalizers.includes(VOLUME_FINALIZER);
    if (deletionTimestamp === undefined ? protectedNow : !protectedNow || volume.status.phase === 'Bound') return;
    const others = finalizers.filter((finalizer) => finalizer !== VOLUME_FINALIZER);
    const next = deletionTimestamp === undefined ? [...finalizers, VOLUME_FINALIZER] : others;
    const body = { metadata: { uid, resourceVersion, finalizers: next } };
    await orMissing(client.patch(kinds.persistentvolumes, undefined, name, { type: 'merge', body }));
  };

  const claimLoop = controllerLoop(context, 'pvc-protection', [claims, pods], reconcileClaim);
  const volumeLoop = controllerLoop(context, 'pv-protection', [volumes], reconcileVolume);
  follow(claims, claimLoop);
  follow(volumes, volumeLoop);
  pods.onChange((now, before) => {
    const pod = now ?? before;
    if (pod === undefined || (now !== undefined && uses(now))) return;
    for (const name of podClaims(pod)) {
      const claim = claims.get(pod.metadata.namespace, name);
      if (claim?.metadata.deletionTimestamp !== undefined) claimLoop.add(keyOf(claim));
    }
  });
  return {
    async stop() {
      await Promise.all([claimLoop.stop(), volumeLoop.stop()]);
    },
  };
}

function podClaims(pod: Pod): string[] {
  const names: string[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) names.push(volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral !== undefined) names.push(`${pod.metadata.name}-${volume.name}`);
  }
  return names;
}

/** A pod that was never placed, or has ended, does not use its volumes. */
function uses(pod: Pod): boolean {
  return Boolean(pod.spec.nodeName) && !isPodTerminal(pod);
}
