import { messageOf } from '../../../base/index.ts';
import type { EventRecorder } from '../../client/index.ts';
import { type ControllerRevision, kinds, type Pod, type StatefulSet, StatusError } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import type { ClaimControl } from './claims.ts';
import { hasIdentity, identityLabels, podOf } from './identity.ts';

/** Makes, mends and deletes the pods of a set, with upstream's events. */
export class StatefulPods {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #claims: ClaimControl;

  constructor(context: ControllerContext, recorder: EventRecorder, claims: ClaimControl) {
    this.#context = context;
    this.#recorder = recorder;
    this.#claims = claims;
  }

  async create(set: StatefulSet, revision: ControllerRevision, ordinal: number): Promise<Pod | undefined> {
    await this.#claims.ensure(set, ordinal);
    const draft = podOf(set, revision, ordinal);
    const { name } = draft.metadata;
    try {
      const pod = await this.#context.client.create<Pod>(kinds.pods, draft);
      const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`;
      this.#recorder.event(set, 'Normal', 'SuccessfulCreate', message);
      return pod;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
        const message = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
        this.#recorder.event(set, 'Warning', 'FailedCreate', message);
      }
      throw error;
    }
  }

  async delete(set: StatefulSet, pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await this.#context.client.delete(kinds.pods, namespace, name, { uid });
      const message = `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`;
      this.#recorder.event(set, 'Normal', 'SuccessfulDelete', message);
    } catch (error) {
      if (error instanceof StatusError && (error.code === 404 || error.code === 409)) return;
      const message = `delete Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
      this.#recorder.event(set, 'Warning', 'FailedDelete', message);
      throw error;
    }
  }

  /** Gives back the labels that say which pod of the set it is. */
  async mend(set: StatefulSet, pod: Pod, ordinal: number): Promise<void> {
    await this.#claims.own(set, ordinal, undefined);
    if (hasIdentity(set, pod, ordinal)) return;
    const { namespace, name, uid } = pod.metadata;
    const body = { metadata: { uid, labels: identityLabels(pod, ordinal) } };
    await this.#context.client.patch(kinds.pods, namespace, name, { type: 'merge', body });
  }
}
