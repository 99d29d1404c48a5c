import type { Kind, KubeObject, OwnerReference } from '../../kinds/index.ts';

/** An object as the collector knows it: how to reach it, and what it says about its owners. */
export interface GraphNode {
  readonly uid: string;
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
}

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/**
 * Who owns whom. Holds only objects that have owners or are being deleted with an owner's finalizer: in a cluster most
 * objects have neither, and cost nothing here.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependents(uid: string): GraphNode[] {
    const found: GraphNode[] = [];
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const node = this.#nodes.get(dependent);
      if (node !== undefined) found.push(node);
    }
    return found;
  }

  hasDependents(uid: string): boolean {
    return this.#dependents.has(uid);
  }

  /** Takes in an object as it is now; answers its node before and after. */
  put(kind: Kind, object: KubeObject): { before: GraphNode | undefined; now: GraphNode | undefined } {
    const { uid, namespace, name, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata;
    const before = this.#nodes.get(uid);
    const deleting = deletionTimestamp !== undefined;
    const held = deleting && (finalizers.includes(FOREGROUND) || finalizers.includes(ORPHAN));
    if (ownerReferences.length === 0 && !held) {
      if (before !== undefined) this.remove(uid);
      return { before, now: undefined };
    }
    const now: GraphNode = { uid, kind, namespace, name, owners: ownerReferences, deleting, finalizers };
    this.#unlink(before);
    this.#nodes.set(uid, now);
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set<string>();
      dependents.add(uid);
      this.#dependents.set(owner.uid, dependents);
    }
    return { before, now };
  }

  remove(uid: string): GraphNode | undefined {
    const node = this.#nodes.get(uid);
    this.#unlink(node);
    this.#nodes.delete(uid);
    return node;
  }

  #unlink(node: GraphNode | undefined): void {
    for (const owner of node?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(node?.uid ?? '');
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
