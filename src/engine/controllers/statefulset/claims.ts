import { messageOf } from '../../../base/index.ts';
import type { EventRecorder } from '../../client/index.ts';
import {
  type KubeObject,
  kinds,
  type OwnerReference,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerReference, orMissing } from '../ownership.ts';
import { claimName } from './identity.ts';

/** The PersistentVolumeClaims of a set's pods: made with them, owned as the retention policy says. */
export class ClaimControl {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext, recorder: EventRecorder) {
    this.#context = context;
    this.#recorder = recorder;
  }

  /** Makes what is missing. @throws Error when a claim of that name is being deleted: it must be gone first. */
  async ensure(set: StatefulSet, ordinal: number): Promise<void> {
    const { client, informers } = this.#context;
    const view = informers.of(kinds.persistentvolumeclaims);
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      const name = claimName(set, template, ordinal);
      const found = view.get(set.metadata.namespace, name);
      if (found?.metadata.deletionTimestamp !== undefined) throw new Error(`pvc ${name} is being deleted`);
      if (found !== undefined) continue;
      const pod = `${set.metadata.name}-${ordinal}`;
      const { annotations, labels } = template.metadata;
      try {
        await client.create<PersistentVolumeClaim>(kinds.persistentvolumeclaims, {
          metadata: {
            name,
            ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
            labels: { ...labels, ...set.spec.selector.matchLabels },
            ...(annotations ? { annotations } : {}),
            ownerReferences: this.#owners(set, undefined, []),
          },
          spec: template.spec,
        });
        const message = `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`;
        this.#recorder.event(set, 'Normal', 'SuccessfulCreate', message);
      } catch (error) {
        const why = messageOf(error);
        const message = `create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${why}`;
        this.#recorder.event(set, 'Warning', 'FailedCreate', message);
        throw error;
      }
    }
  }

  /** Sets the owners of an ordinal's claims by the policy; `condemned` is the pod when it is being scaled away. */
  async own(set: StatefulSet, ordinal: number, condemned: Pod | undefined): Promise<void> {
    const { client, informers } = this.#context;
    const view = informers.of(kinds.persistentvolumeclaims);
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      const claim = view.get(set.metadata.namespace, claimName(set, template, ordinal));
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) continue;
      const before = claim.metadata.ownerReferences ?? [];
      const after = this.#owners(set, condemned, before);
      if (sameUids(before, after)) continue;
      const { namespace, name, uid, resourceVersion } = claim.metadata;
      const body = { metadata: { uid, resourceVersion, ownerReferences: after } };
      await orMissing(client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body }));
    }
  }

  #owners(set: StatefulSet, condemned: Pod | undefined, before: readonly OwnerReference[]): OwnerReference[] {
    const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
    const others = before.filter((owner) => owner.uid !== set.metadata.uid && owner.kind !== 'Pod');
    if (condemned !== undefined && whenScaled === 'Delete') return [...others, referenceTo(condemned)];
    if (whenDeleted === 'Delete') return [...others, controllerReference(set)];
    return others;
  }
}

function referenceTo(pod: KubeObject): OwnerReference {
  const { name, uid } = pod.metadata;
  return { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true };
}

function sameUids(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  return a.length === b.length && a.every((owner, index) => owner.uid === b[index]?.uid);
}
