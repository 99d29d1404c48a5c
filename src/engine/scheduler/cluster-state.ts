import type { Node, Pod } from '../kinds/index.ts';
import { podRequests } from './requests.ts';

/** A node with the pods on it, those just placed there included. */
export class NodeState {
  readonly node: Node;
  readonly pods = new Map<string, Pod>();
  readonly requested: Record<string, number> = {};

  constructor(node: Node, pods: Iterable<Pod> = []) {
    this.node = node;
    for (const pod of pods) this.add(pod);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  label(key: string): string | undefined {
    return this.node.metadata.labels?.[key];
  }

  add(pod: Pod): void {
    this.remove(pod.metadata.uid);
    this.pods.set(pod.metadata.uid, pod);
    for (const [name, value] of Object.entries(podRequests(pod))) {
      this.requested[name] = (this.requested[name] ?? 0) + value;
    }
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    for (const [name, value] of Object.entries(podRequests(pod))) {
      this.requested[name] = (this.requested[name] ?? 0) - value;
    }
  }
}

/**
 * Where pods are. Invariant: a pod is on one node at most; one assumed stays until the API shows it placed, or `remove`.
 */
export class ClusterState {
  readonly #nodes = new Map<string, NodeState>();
  readonly #placed = new Map<string, string>();
  /** Pods on nodes that are not known (yet). */
  readonly #waiting = new Map<string, Map<string, Pod>>();

  nodes(): NodeState[] {
    return [...this.#nodes.values()];
  }

  node(name: string): NodeState | undefined {
    return this.#nodes.get(name);
  }

  nodeOf(uid: string): string | undefined {
    return this.#placed.get(uid);
  }

  setNode(node: Node): void {
    const { name } = node.metadata;
    const before = this.#nodes.get(name);
    const pods = before?.pods.values() ?? this.#waiting.get(name)?.values() ?? [];
    this.#nodes.set(name, new NodeState(node, pods));
    this.#waiting.delete(name);
  }

  removeNode(name: string): void {
    const state = this.#nodes.get(name);
    if (state === undefined) return;
    this.#nodes.delete(name);
    if (state.pods.size > 0) this.#waiting.set(name, new Map(state.pods));
  }

  place(pod: Pod, nodeName: string): void {
    const { uid } = pod.metadata;
    if (this.#placed.get(uid) !== nodeName) this.remove(uid);
    this.#placed.set(uid, nodeName);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      node.add(pod);
      return;
    }
    const waiting = this.#waiting.get(nodeName) ?? new Map<string, Pod>();
    waiting.set(uid, pod);
    this.#waiting.set(nodeName, waiting);
  }

  remove(uid: string): void {
    const name = this.#placed.get(uid);
    if (name === undefined) return;
    this.#placed.delete(uid);
    this.#nodes.get(name)?.remove(uid);
    const waiting = this.#waiting.get(name);
    waiting?.delete(uid);
    if (waiting?.size === 0) this.#waiting.delete(name);
  }
}
