import { messageOf } from '../../base/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import { type Draft, type KubeObject, kinds, type Pod, type PodTemplateSpec, StatusError } from '../kinds/index.ts';
import { controllerReference } from './ownership.ts';

/** Pods that a controller makes and takes away, with upstream's events about it on the owner. */
export class PodControl {
  readonly #client: Client;
  readonly #recorder: EventRecorder;

  constructor(client: Client, recorder: EventRecorder) {
    this.#client = client;
    this.#recorder = recorder;
  }

  /** Makes a pod; `change` may set a name and more. @throws StatusError, after an event on the owner. */
  async create(
    owner: KubeObject,
    template: PodTemplateSpec,
    change: (draft: Draft<Pod>) => Draft<Pod> = (draft) => draft,
  ): Promise<Pod> {
    try {
      const pod = await this.#client.create<Pod>(kinds.pods, change(podFromTemplate(owner, template)));
      this.#recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      return pod;
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        this.#recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  /** Deletes a pod gracefully; one that is gone already is no error. */
  async delete(owner: KubeObject, pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await this.#client.delete(kinds.pods, namespace, name, { uid });
      this.#recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (error instanceof StatusError && (error.code === 404 || error.code === 409)) return;
      this.#recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
      throw error;
    }
  }
}

export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    ...(template.spec === undefined ? {} : { spec: template.spec }),
  };
}

export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    (error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false)
  );
}

/**
 * Upstream's slow start: 1, 2, 4 ... at once, so that a refusal (quota) costs one try and not hundreds. Stops after the
 * first batch with a failure; answers how many succeeded and the first failure.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ done: number; error: unknown }> {
  let done = 0;
  for (let batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done);
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => act(done + index)));
    done += results.filter((result) => result.status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) return { done, error: failed.reason };
  }
  return { done, error: undefined };
}
