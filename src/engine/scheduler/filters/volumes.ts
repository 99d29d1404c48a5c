import {
  labelMatcher,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  quantityToNumber,
  type StorageClass,
} from '../../kinds/index.ts';
import type { NodeState } from '../cluster-state.ts';
import { type Filter, refuse, refuseForGood, type Views } from '../filter.ts';
import { matchesNodeSelector } from '../node-selector.ts';

export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** Names of the claims a pod uses, with whether each is made for it (generic ephemeral volumes). */
export function claimNames(pod: Pod): { name: string; ephemeral: boolean }[] {
  const names: { name: string; ephemeral: boolean }[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) {
      names.push({ name: volume.persistentVolumeClaim.claimName, ephemeral: false });
    } else if (volume.ephemeral !== undefined) {
      names.push({ name: `${pod.metadata.name}-${volume.name}`, ephemeral: true });
    }
  }
  return names;
}

export function isBound(claim: PersistentVolumeClaim): boolean {
  return Boolean(claim.spec.volumeName) && claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

function classOf(claim: PersistentVolumeClaim, views: Views): StorageClass | undefined {
  return claim.spec.storageClassName ? views.classes.get(undefined, claim.spec.storageClassName) : undefined;
}

function onNode(volume: PersistentVolume, node: NodeState): boolean {
  const required = volume.spec.nodeAffinity?.required;
  return required === undefined || matchesNodeSelector(required, node.node);
}

/** The smallest free volume on this node that a claim may take. */
export function findVolume(
  claim: PersistentVolumeClaim,
  node: NodeState,
  views: Views,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const wanted = quantityToNumber(claim.spec.resources?.requests?.storage ?? 0);
  const selector = claim.spec.selector === undefined ? undefined : labelMatcher(claim.spec.selector);
  let best: PersistentVolume | undefined;
  let bestSize = Number.POSITIVE_INFINITY;
  for (const volume of views.volumes.list()) {
    const { claimRef } = volume.spec;
    const ours =
      claimRef?.name === claim.metadata.name &&
      claimRef.namespace === claim.metadata.namespace &&
      (claimRef.uid === undefined || claimRef.uid === claim.metadata.uid);
    if (claimRef !== undefined && !ours) continue;
    if (taken.has(volume.metadata.name) || volume.metadata.deletionTimestamp !== undefined) continue;
    if (claimRef === undefined && volume.status.phase !== 'Available') continue;
    if ((volume.spec.storageClassName ?? '') !== (claim.spec.storageClassName ?? '')) continue;
    if ((volume.spec.volumeMode ?? 'Filesystem') !== (claim.spec.volumeMode ?? 'Filesystem')) continue;
    const modes = volume.spec.accessModes ?? [];
    if (!(claim.spec.accessModes ?? []).every((mode) => modes.includes(mode))) continue;
    if (selector !== undefined && !selector(volume.metadata.labels)) continue;
    const size = quantityToNumber(volume.spec.capacity?.storage ?? 0);
    if (size < wanted || !onNode(volume, node)) continue;
    if (ours) return volume;
    if (size < bestSize) {
      best = volume;
      bestSize = size;
    }
  }
  return best;
}

/** Whether a class can make a volume for this node. */
function canProvision(claim: PersistentVolumeClaim, node: NodeState, views: Views): boolean {
  const selected = claim.metadata.annotations?.[SELECTED_NODE];
  if (selected !== undefined && selected !== node.name) return false;
  const storageClass = classOf(claim, views);
  if (storageClass === undefined || storageClass.provisioner === NO_PROVISIONER) return false;
  const topologies = storageClass.allowedTopologies ?? [];
  if (topologies.length === 0) return true;
  return topologies.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(node.label(key) ?? '')),
  );
}

/** Bound volumes must be usable from the node; claims that wait for their first consumer must be servable there. */
export const volumes: Filter = {
  name: 'VolumeBinding',
  relief: ['node', 'volume'],
  prepare(pod, _nodes, views) {
    const bound: PersistentVolumeClaim[] = [];
    const waiting: PersistentVolumeClaim[] = [];
    for (const { name, ephemeral } of claimNames(pod)) {
      const claim = views.claims.get(pod.metadata.namespace, name);
      if (claim === undefined) {
        return refuseForGood(
          ephemeral
            ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
            : `persistentvolumeclaim "${name}" not found`,
        );
      }
      if (claim.status.phase === 'Lost') {
        return refuseForGood(
          `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`,
        );
      }
      if (claim.metadata.deletionTimestamp !== undefined) {
        return refuseForGood(`persistentvolumeclaim "${name}" is being deleted`);
      }
      if (ephemeral && !claim.metadata.ownerReferences?.some((owner) => owner.uid === pod.metadata.uid)) {
        return refuseForGood(
          `PVC ${claim.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`,
        );
      }
      if (isBound(claim)) bound.push(claim);
      else if (!claim.spec.volumeName && classOf(claim, views)?.volumeBindingMode === 'WaitForFirstConsumer') {
        waiting.push(claim);
      } else return refuseForGood('pod has unbound immediate PersistentVolumeClaims');
    }
    if (bound.length + waiting.length === 0) return undefined;
    return (node) => {
      for (const claim of bound) {
        const volume = views.volumes.get(undefined, claim.spec.volumeName ?? '');
        if (volume === undefined) {
          return refuseForGood('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
        }
        if (!onNode(volume, node)) return refuseForGood("node(s) didn't match PersistentVolume's node affinity");
      }
      const taken = new Set<string>();
      for (const claim of waiting) {
        const volume = findVolume(claim, node, views, taken);
        if (volume !== undefined) taken.add(volume.metadata.name);
        else if (!canProvision(claim, node, views)) {
          return refuseForGood("node(s) didn't find available persistent volumes to bind");
        }
      }
      return undefined;
    };
  },
};

/** A ReadWriteOncePod claim serves one pod at a time. */
export const volumeRestrictions: Filter = {
  name: 'VolumeRestrictions',
  relief: ['podGone', 'volume'],
  prepare(pod, nodes, views) {
    const exclusive = new Set(
      claimNames(pod)
        .map(({ name }) => name)
        .filter((name) =>
          views.claims.get(pod.metadata.namespace, name)?.spec.accessModes?.includes('ReadWriteOncePod'),
        ),
    );
    if (exclusive.size === 0) return undefined;
    const reason = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode';
    const uses = (other: Pod): boolean =>
      other.metadata.namespace === pod.metadata.namespace && claimNames(other).some(({ name }) => exclusive.has(name));
    const holders = new Set(nodes.filter((node) => [...node.pods.values()].some(uses)).map((node) => node.name));
    if (holders.size === 0) return undefined;
    return (node) => (holders.has(node.name) ? refuse(reason) : refuseForGood(reason));
  },
};
