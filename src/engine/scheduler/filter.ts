import type { Informer } from '../client/index.ts';
import type { Namespace, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../kinds/index.ts';
import type { NodeState } from './cluster-state.ts';

/** Why a pod cannot go to a node. `final`: taking other pods away would not help. */
export interface Refusal {
  readonly reasons: readonly string[];
  readonly final: boolean;
}

/** What filters and scores may look at. */
export interface Views {
  readonly namespaces: Informer<Namespace>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
}

export type NodeCheck = (node: NodeState) => Refusal | undefined;

/** A change in the cluster that can make a refused pod fit. */
export type Relief = 'node' | 'podGone' | 'podPlaced' | 'volume' | 'namespace';

export interface Filter {
  readonly name: string;
  /** What can undo a refusal of this filter. */
  readonly relief: readonly Relief[];
  /**
   * Looks at the pod once. Answers the check for each node, undefined when the filter has nothing to say about this pod,
   * or a refusal that holds for all nodes.
   */
  prepare(pod: Pod, nodes: readonly NodeState[], views: Views): NodeCheck | Refusal | undefined;
}

export const refuse = (...reasons: string[]): Refusal => ({ reasons, final: false });
export const refuseForGood = (...reasons: string[]): Refusal => ({ reasons, final: true });
