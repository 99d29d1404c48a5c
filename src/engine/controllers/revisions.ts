import type { Client, Informer } from '../client/index.ts';
import {
  type ControllerRevision,
  type KubeObject,
  kinds,
  type PodTemplateSpec,
  type RawExtension,
  StatusError,
} from '../kinds/index.ts';
import { semanticEqual } from './equality.ts';
import { controllerReference, orMissing } from './ownership.ts';
import { templateHash } from './template-hash.ts';

const HASH_LABEL = 'controller.kubernetes.io/hash';
const DAEMON_HASH_LABEL = 'controller-revision-hash';

interface Templated extends KubeObject {
  readonly spec: { template: PodTemplateSpec; revisionHistoryLimit?: number };
  readonly status: { collisionCount?: number };
}

/** A template as ControllerRevisions keep it: a strategic merge patch that replaces it. */
function dataOf(owner: Templated): RawExtension {
  return { spec: { template: { ...owner.spec.template, $patch: 'replace' } } };
}

export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { template } = (revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined)
    ?.spec ?? { template: {} };
  const { $patch: _, ...rest } = template ?? {};
  return rest;
}

/** Oldest first. */
export function sortedRevisions(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );
}

export function hashOf(revision: ControllerRevision): string {
  const { labels } = revision.metadata;
  return labels?.[HASH_LABEL] ?? labels?.[DAEMON_HASH_LABEL] ?? '';
}

/** The history of an owner's template: one ControllerRevision for each that was ever used, the newest with the highest number. */
export class RevisionHistory {
  readonly #client: Client;
  readonly #view: Informer<ControllerRevision>;

  constructor(client: Client, view: Informer<ControllerRevision>) {
    this.#client = client;
    this.#view = view;
  }

  list(owner: KubeObject): ControllerRevision[] {
    return sortedRevisions(this.#view.ownedBy(owner.metadata.uid));
  }

  /**
   * The revision of the owner's template as it is: found, given a new number when it comes back, or made.
   * `onCollision` is called when the name is taken by another template; the count it stores makes the next name.
   */
  async current(
    owner: Templated,
    revisions: readonly ControllerRevision[],
    onCollision: (collisionCount: number) => Promise<void>,
  ): Promise<ControllerRevision> {
    const data = dataOf(owner);
    const equal = revisions.filter((revision) => semanticEqual(templateOf(revision), owner.spec.template));
    const newest = revisions.at(-1);
    const found = equal.at(-1);
    const next = (newest?.revision ?? 0) + 1;
    if (found !== undefined) {
      if (found === newest) return found;
      return this.#client.update<ControllerRevision>(kinds.controllerrevisions, { ...found, revision: next });
    }
    const { namespace, name } = owner.metadata;
    const collisionCount = owner.status.collisionCount ?? 0;
    const hash = templateHash(data, collisionCount);
    const revisionName = `${name}-${hash}`;
    try {
      return await this.#client.create<ControllerRevision>(kinds.controllerrevisions, {
        metadata: {
          name: revisionName,
          ...(namespace === undefined ? {} : { namespace }),
          labels: {
            ...owner.spec.template.metadata?.labels,
            [owner.kind === 'DaemonSet' ? DAEMON_HASH_LABEL : HASH_LABEL]: hash,
          },
          ...(owner.metadata.annotations ? { annotations: owner.metadata.annotations } : {}),
          ownerReferences: [controllerReference(owner)],
        },
        data,
        revision: next,
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
      const taken = await this.#client.get(kinds.controllerrevisions, namespace, revisionName);
      if (semanticEqual(templateOf(taken), owner.spec.template)) return taken;
      await onCollision(collisionCount + 1);
      throw error;
    }
  }

  /** Deletes the oldest revisions past the owner's limit, but none in use. */
  async truncate(
    owner: Templated,
    revisions: readonly ControllerRevision[],
    inUse: ReadonlySet<string>,
  ): Promise<void> {
    const idle = revisions.filter((revision) => !inUse.has(revision.metadata.name));
    const surplus = idle.length - (owner.spec.revisionHistoryLimit ?? 10);
    for (const { metadata } of idle.slice(0, Math.max(0, surplus))) {
      await orMissing(
        this.#client.delete(kinds.controllerrevisions, metadata.namespace, metadata.name, { uid: metadata.uid }),
      );
    }
  }
}
