import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import type { LoopContext } from '../client/index.ts';
import { kinds, type Pod } from '../kinds/index.ts';
import type { ContainerState as RuntimeState } from '../runtime/index.ts';
import { findAttempts } from './adoption.ts';
import { parseAttemptId } from './attempt-record.ts';
import type { Node, NodeOptions } from './contract.ts';
import { ImagePuller } from './image-pull.ts';
import { nodeEndpoint } from './node-endpoint.ts';
import { NodeStatusKeeper } from './node-status.ts';
import type { ContainerState } from './pod-state.ts';
import { PodWorker } from './pod-worker.ts';
import { createScope, type Scope } from './scope.ts';
import { PodStreams } from './streams.ts';
import { VolumeUpdates } from './volume-updates.ts';

/**
 * Registers a node and runs the pods bound to it. Resolves when the node is Ready in the API and the containers of an
 * earlier engine are taken over: those of known pods run on, all others are removed.
 */
export async function startNode(context: LoopContext, options: NodeOptions): Promise<Node> {
  const scope = createScope(context, options);
  const keeper = new NodeStatusKeeper(scope);
  const synced = [scope.pods, scope.configMaps, scope.secrets, scope.services].map((informer) => informer.synced());
  await Promise.all([
    keeper.start(),
    ...(scope.hollow
      ? []
      : [
          mkdir(join(options.directory, 'pods'), { recursive: true }),
          mkdir(join(options.directory, 'logs'), { recursive: true }),
        ]),
    ...synced,
  ]);
  const table = new PodTable(scope, () => keeper.refresh());
  await table.start();
  const streams = new PodStreams(scope, table.workers);
  return {
    name: options.name,
    logs: (pod, query, signal) => streams.logs(pod, query, signal),
    exec: async (pod, request, execStreams) => streams.exec(pod, request, execStreams),
    attach: async (pod, request, execStreams) => streams.attach(pod, request, execStreams),
    portForward: (pod, port) => streams.portForward(pod, port),
    nodeEndpoint: (path) => nodeEndpoint(scope, table.workers, path),
    async stop() {
      await Promise.all([table.stop(), keeper.stop()]);
    },
  };
}

/** The workers of this node's pods by uid. */
class PodTable {
  readonly workers = new Map<string, PodWorker>();
  readonly #scope: Scope;
  readonly #puller: ImagePuller;
  readonly #updates: VolumeUpdates;
  #unsubscribe: () => void = () => {};

  constructor(scope: Scope, onImages: () => void) {
    this.#scope = scope;
    this.#puller = new ImagePuller(scope, onImages);
    this.#updates = new VolumeUpdates(scope);
  }

  async start(): Promise<void> {
    const { runtime } = this.#scope.options;
    const pods = this.#scope.pods.list().filter((pod) => this.#isOurs(pod));
    const states = await runtime.list();
    const found = await Promise.all(pods.map((pod) => findAttempts(this.#scope, pod, states)));
    await this.#removeUnknown(new Set(pods.map((pod) => pod.metadata.uid)), states);
    runtime.onExit((state) => {
      const uid = parseAttemptId(state.id)?.uid;
      if (uid) this.workers.get(uid)?.containerExited(state);
    });
    for (const [index, pod] of pods.entries()) this.#add(pod, found[index] ?? new Map());
    this.#unsubscribe = this.#scope.pods.onChange((now, before) => this.#changed(now, before));
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#updates.stop();
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
  }

  #isOurs(pod: Pod | undefined): pod is Pod {
    return pod?.spec.nodeName === this.#scope.options.name;
  }

  #changed(now: Pod | undefined, before: Pod | undefined): void {
    if (before && before.metadata.uid !== now?.metadata.uid) this.workers.get(before.metadata.uid)?.update(undefined);
    if (!this.#isOurs(now)) return;
    const worker = this.workers.get(now.metadata.uid);
    if (worker) worker.update(now);
    else this.#add(now, new Map());
  }

  #add(pod: Pod, found: ReadonlyMap<string, ContainerState>): void {
    const worker = new PodWorker({
      scope: this.#scope,
      pod,
      puller: this.#puller,
      updates: this.#updates,
      found,
      onGone: (uid) => this.workers.delete(uid),
    });
    this.workers.set(pod.metadata.uid, worker);
    worker.start();
  }

  /** What is on this machine of pods that are gone from the API. */
  async #removeUnknown(known: ReadonlySet<string>, states: readonly RuntimeState[]): Promise<void> {
    const { runtime, network, directory } = this.#scope.options;
    const sandboxes = (await runtime.sandboxes()).map(({ id }) => id);
    const inContainers = states.flatMap(({ id }) => parseAttemptId(id)?.uid ?? []);
    const onDisk = this.#scope.hollow ? [] : await readdir(join(directory, 'pods')).catch(() => []);
    const unknown = [...new Set([...sandboxes, ...inContainers, ...onDisk])].filter((uid) => !known.has(uid));
    if (unknown.length === 0) return;
    const { unmountBelow } = await import('./volumes/mount-table.ts');
    for (const uid of unknown) {
      try {
        await network?.detachPod(uid);
        await runtime.removeSandbox(uid);
        if (this.#scope.hollow) continue;
        await unmountBelow(join(directory, 'pods', uid));
        await rm(join(directory, 'pods', uid), { recursive: true, force: true });
        const logs = (await readdir(join(directory, 'logs')).catch(() => [])).filter((name) =>
          name.endsWith(`_${uid}`),
        );
        for (const name of logs) await rm(join(directory, 'logs', name), { recursive: true, force: true });
      } catch (error) {
        this.#scope.context.log.warn('removing what is left of a pod failed', { uid, error: messageOf(error) });
      }
    }
  }
}

/** The kinds a node reads, so that a caller may start their informers early. */
export const nodeKinds = [kinds.pods, kinds.configmaps, kinds.secrets, kinds.services] as const;
