import { messageOf } from '../../../base/index.ts';
import type { Client, EventRecorder } from '../../client/index.ts';
import {
  type Deployment,
  type Draft,
  kinds,
  type PodTemplateSpec,
  type ReplicaSet,
  StatusError,
} from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { semanticEqual } from '../equality.ts';
import { controllerOf, controllerReference } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { templateHash } from '../template-hash.ts';
import { newSetAnnotations, REVISION, replicaAnnotations, revisionOf } from './annotations.ts';
import { compareTimes, newSetReplicas } from './arithmetic.ts';
import { condition, hasDeadline, newCondition, withCondition } from './conditions.ts';

const HASH_LABEL = 'pod-template-hash';

/** A Deployment with its ReplicaSets sorted into the one of its template and the others. */
export interface Sets {
  /** Carries the status written while the sets were brought in order. */
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

export function allSets(sets: Sets): ReplicaSet[] {
  return sets.newSet === undefined ? [...sets.oldSets] : [...sets.oldSets, sets.newSet];
}

/** The ReplicaSet whose template is the Deployment's own, apart from the hash label; the oldest when there are several. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...sets]
    .sort((a, b) => compareTimes(a.metadata.creationTimestamp, b.metadata.creationTimestamp))
    .find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  const { annotations, finalizers } = template?.metadata ?? {};
  return { ...template, metadata: { labels, annotations, finalizers } };
}

/** Finds, renumbers and, if asked, makes ReplicaSets. */
export class SetControl {
  readonly #context: ControllerContext;
  readonly #client: Client;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext, recorder: EventRecorder) {
    this.#context = context;
    this.#client = context.client;
    this.#recorder = recorder;
  }

  /** Upstream's getAllReplicaSetsAndSyncRevision. */
  async sort(deployment: Deployment, sets: readonly ReplicaSet[], create: boolean): Promise<Sets> {
    const found = findNewSet(deployment, sets);
    const oldSets = sets.filter((set) => set.metadata.uid !== found?.metadata.uid);
    const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
    if (found !== undefined) return this.#keep(deployment, oldSets, found, revision);
    if (!create) return { deployment, newSet: undefined, oldSets };
    return this.#create(deployment, oldSets, revision);
  }

  async scale(deployment: Deployment, set: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    const from = set.spec.replicas ?? 0;
    const annotations = { ...set.metadata.annotations, ...replicaAnnotations(deployment) };
    if (from === replicas && semanticEqual(annotations, set.metadata.annotations)) return set;
    const scaled = await this.#client.update<ReplicaSet>(kinds.replicasets, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
    if (from !== replicas) this.#announce(deployment, set.metadata.name, from, replicas);
    return scaled;
  }

  async delete(set: ReplicaSet): Promise<void> {
    const { namespace, name, uid } = set.metadata;
    await this.#client.delete(kinds.replicasets, namespace, name, { uid }).catch((error: unknown) => {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    });
  }

  async #keep(
    deployment: Deployment,
    oldSets: readonly ReplicaSet[],
    found: ReplicaSet,
    revision: number,
  ): Promise<Sets> {
    const annotations = newSetAnnotations(deployment, found.metadata.annotations ?? {}, revision);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    if (
      !semanticEqual(annotations, found.metadata.annotations) ||
      (found.spec.minReadySeconds ?? 0) !== minReadySeconds
    ) {
      const newSet = await this.#client.update<ReplicaSet>(kinds.replicasets, {
        ...found,
        metadata: { ...found.metadata, annotations },
        spec: { ...found.spec, minReadySeconds },
      });
      return { deployment: await this.#note(deployment, annotations[REVISION]), newSet, oldSets };
    }
    let noted = await this.#note(deployment, annotations[REVISION]);
    if (hasDeadline(noted) && condition(noted.status.conditions, 'Progressing') === undefined) {
      const message = `Found new replica set "${found.metadata.name}"`;
      noted = await this.#setCondition(noted, 'True', 'FoundNewReplicaSet', message);
    }
    return { deployment: noted, newSet: found, oldSets };
  }

  async #create(deployment: Deployment, oldSets: readonly ReplicaSet[], revision: number): Promise<Sets> {
    const draft = draftSet(deployment, oldSets, revision);
    const { name = '' } = draft.metadata;
    const replicas = draft.spec?.replicas ?? 0;
    let newSet: ReplicaSet;
    try {
      newSet = await this.#client.create<ReplicaSet>(kinds.replicasets, draft);
      if (replicas > 0) this.#announce(deployment, name, 0, replicas);
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') {
        newSet = await this.#settleCollision(deployment, name, error);
      } else if (isNamespaceTerminating(error)) {
        return { deployment, newSet: undefined, oldSets };
      } else {
        const message = `Failed to create new replica set "${name}": ${messageOf(error)}`;
        this.#recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
        if (hasDeadline(deployment)) await this.#setCondition(deployment, 'False', 'ReplicaSetCreateError', message);
        throw error;
      }
    }
    let noted = await this.#note(deployment, newSet.metadata.annotations?.[REVISION]);
    if (hasDeadline(noted)) {
      const message = `Created new replica set "${name}"`;
      noted = await this.#setCondition(noted, 'True', 'NewReplicaSetCreated', message);
    }
    return { deployment: noted, newSet, oldSets };
  }

  /** The name is taken: by our own set that the view did not show yet, or by a hash collision, which is counted. */
  async #settleCollision(deployment: Deployment, name: string, error: StatusError): Promise<ReplicaSet> {
    const taken = await this.#client.get<ReplicaSet>(kinds.replicasets, deployment.metadata.namespace, name);
    const ours = controllerOf(taken)?.uid === deployment.metadata.uid;
    if (ours && sameTemplate(taken.spec.template, deployment.spec.template)) return taken;
    const collisionCount = (deployment.status.collisionCount ?? 0) + 1;
    await this.#client.updateStatus<Deployment>(kinds.deployments, {
      ...deployment,
      status: { ...deployment.status, collisionCount },
    });
    throw error;
  }

  /** The Deployment's own revision annotation. */
  async #note(deployment: Deployment, revision: string | undefined): Promise<Deployment> {
    if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return deployment;
    const { namespace, name, uid } = deployment.metadata;
    const body = { metadata: { uid, annotations: { [REVISION]: revision } } };
    const noted = await this.#client.patch<Deployment>(kinds.deployments, namespace, name, { type: 'merge', body });
    // Decisions stay those of the spec that was read: a newer one brings its own event.
    return { ...deployment, metadata: { ...noted.metadata, generation: deployment.metadata.generation ?? 0 } };
  }

  async #setCondition(
    deployment: Deployment,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Promise<Deployment> {
    const next = newCondition(this.#context.clock, 'Progressing', status, reason, message);
    const conditions = withCondition(deployment.status.conditions, next);
    return this.#client.updateStatus<Deployment>(kinds.deployments, {
      ...deployment,
      status: { ...deployment.status, conditions },
    });
  }

  #announce(deployment: Deployment, name: string, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down';
    this.#recorder.event(
      deployment,
      'Normal',
      'ScalingReplicaSet',
      `Scaled ${direction} replica set ${name} from ${from} to ${to}`,
    );
  }
}

function draftSet(deployment: Deployment, oldSets: readonly ReplicaSet[], revision: number): Draft<ReplicaSet> {
  const { template } = deployment.spec;
  const { namespace, name } = deployment.metadata;
  const hash = templateHash(template, deployment.status.collisionCount);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const selector = deployment.spec.selector;
  return {
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: newSetAnnotations(deployment, undefined, revision),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newSetReplicas(deployment, oldSets, 0),
      ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } as NonNullable<PodTemplateSpec['metadata']> },
    },
  };
}
