import { type Clock, messageOf, silentLog, systemClock } from '../base/index.ts';
import {
  type Client,
  createInformers,
  createRecorder,
  type EventRecorder,
  type Informers,
  type LoopContext,
} from '../engine/client/index.ts';
import { localClient } from '../engine/cluster/local-client.ts';
import type { ControllerContext } from '../engine/controllers/index.ts';
import {
  createCatalogue,
  type Draft,
  kinds,
  type Node,
  type Pod,
  type PodTemplateSpec,
} from '../engine/kinds/index.ts';
import { createResources, defaultAdmissions, tombstone } from '../engine/resources/index.ts';
import { memoryStore } from '../engine/store/index.ts';

/** The real verbs over a store in memory, a client straight on them, and what loops are given; no node, no HTTP. */
export interface MemoryCluster {
  readonly client: Client;
  readonly informers: Informers;
  readonly context: ControllerContext;
  /** Another context with views of its own, as another process would have. */
  loopContext(): LoopContext;
  stop(): Promise<void>;
}

export async function memoryCluster(
  options: { clock?: Clock; volumesDirectory?: string } = {},
): Promise<MemoryCluster> {
  const clock = options.clock ?? systemClock;
  const log = process.env.TEST_LOG ? printingLog() : silentLog;
  const catalogue = createCatalogue();
  const store = memoryStore({ tombstone });
  const resources = createResources({
    store,
    catalogue,
    clock,
    log,
    admissions: defaultAdmissions({ clock }),
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30000, 32767] },
  });
  const client = localClient({
    resources,
    catalogue,
    user: { name: 'system:masters', groups: ['system:masters'] },
    fieldManager: 'test',
  });
  const all: Informers[] = [];
  const loopContext = (): LoopContext => {
    const informers = createInformers(client, clock, log);
    all.push(informers);
    const recorder = (component: string, host?: string): EventRecorder =>
      createRecorder(client, component, clock, log, host);
    return { client, informers, clock, log, recorder };
  };
  const shared = loopContext();
  const context: ControllerContext = {
    ...shared,
    settings: {
      rootCa: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      volumesDirectory: options.volumesDirectory ?? '/nonexistent',
      nodeName: 'node-1',
      clusterDomain: 'cluster.local',
      catalogueKinds: () =>
        catalogue.all().filter((info) => info.verbs.includes('list') && info.verbs.includes('delete')),
    },
  };
  for (const name of ['default', 'kube-system']) await client.create(kinds.namespaces, { metadata: { name } });
  // Pods made by tests themselves do not wait for the controllers to make it.
  await client.create(kinds.serviceaccounts, { metadata: { name: 'default', namespace: 'default' } });
  return {
    client,
    informers: shared.informers,
    context,
    loopContext,
    async stop() {
      for (const informers of all) informers.stop();
      await store.close();
    },
  };
}

function printingLog(): typeof silentLog {
  const print = (message: string, fields?: object) =>
    process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
  return { debug: print, info: print, warn: print, error: print, child: () => printingLog() };
}

/** Resolves with what `look` finds; it is asked anew after every turn, and gives up after ten seconds with `what`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const endMs = systemClock.monotonic() + 10_000;
  for (;;) {
    let found: T | undefined | false;
    let failure = '';
    try {
      found = await look();
    } catch (error) {
      failure = messageOf(error);
    }
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > endMs) throw new Error(`never: ${what} ${failure}`);
    await systemClock.sleep(5);
  }
}

/** A node object with room for 110 pods. */
export function nodeDraft(
  name: string,
  more: Partial<Node['spec']> = {},
  labels: Record<string, string> = {},
): Draft<Node> {
  const room = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: more,
    status: {
      capacity: room,
      allocatable: room,
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    },
  };
}

export async function createNode(cluster: MemoryCluster, draft: Draft<Node>): Promise<Node> {
  const node = await cluster.client.create<Node>(kinds.nodes, draft);
  if (node.status?.allocatable?.cpu !== undefined) return node;
  return cluster.client.updateStatus<Node>(kinds.nodes, { ...node, status: { ...(draft.status as Node['status']) } });
}

/**
 * Plays the node's part for every pod that has one: runs it at once, and lets it go when it is deleted. `end` may answer
 * the phase a pod ends in instead.
 */
export function playNode(
  cluster: MemoryCluster,
  end: (pod: Pod) => { phase: 'Succeeded' | 'Failed'; exitCode: number } | undefined = () => undefined,
): void {
  const { client, informers } = cluster.loopContext();
  let address = 1;
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    for (let tries = 0; tries < 5; tries++) {
      try {
        await work();
        return;
      } catch {
        await systemClock.sleep(1);
      }
    }
  };
  informers.of(kinds.pods).onChange((now, before) => {
    if (now === undefined) return;
    const { namespace, name, uid } = now.metadata;
    if (now.metadata.deletionTimestamp !== undefined) {
      if (before?.metadata.deletionTimestamp !== undefined) return;
      void attempt(() => client.delete(kinds.pods, namespace, name, { gracePeriodSeconds: 0, uid }));
      return;
    }
    if (!now.spec.nodeName || now.status.phase !== 'Pending' || now.status.podIP) return;
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const ip = `10.244.${address >> 8}.${address++ & 255}`;
    const ended = end(now);
    const status = {
      phase: ended?.phase ?? 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      startTime: time,
      conditions: [
        { type: 'Ready', status: ended ? 'False' : 'True', lastTransitionTime: time },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: time },
      ],
      containerStatuses: now.spec.containers.map((container) => ({
        name: container.name,
        image: container.image ?? '',
        imageID: '',
        ready: ended === undefined,
        restartCount: 0,
        state: ended
          ? { terminated: { exitCode: ended.exitCode, finishedAt: time } }
          : { running: { startedAt: time } },
      })),
    };
    void attempt(() =>
      client.patch(
        kinds.pods,
        namespace,
        name,
        { type: 'merge', body: { metadata: { uid }, status } },
        { subresource: 'status' },
      ),
    );
  });
}

export function podTemplate(app: string, image = 'web:1'): PodTemplateSpec {
  return {
    metadata: { labels: { app } } as unknown as NonNullable<PodTemplateSpec['metadata']>,
    spec: { containers: [{ name: 'web', image }] },
  };
}
