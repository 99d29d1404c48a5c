import { type Clock, systemClock } from '../../base/index.ts';
import type { Running } from '../../engine/client/index.ts';
import { startControllers } from '../../engine/controllers/index.ts';
import { kinds, type Pod } from '../../engine/kinds/index.ts';
import { startScheduler } from '../../engine/scheduler/index.ts';
import { createNode, memoryCluster, nodeDraft, playNode } from '../../testing/memory-cluster.test.ts';
import { COMPONENT_LABEL, type Manifest } from '../manifests/index.ts';
import { type Ledger, openLedger } from '../releases/index.ts';
import type { LiveState, Plan, ReleaseRequest, RoadClient, RunEvent, Strategy } from './contract.ts';
import type { HeldLease, LeaseRequest } from './lease.ts';
import { readLive } from './live-state.ts';
import { planRelease } from './plan-release.ts';
import { startRelease } from './releases.ts';
import type { RunSurroundings } from './run-context.ts';
import type { Outcome } from './run-plan.ts';

/** The whole control plane in memory, a node played, and releases made on it. */
export interface ControlPlane {
  readonly client: RoadClient;
  readonly ledger: Ledger;
  around(more?: Partial<RunSurroundings>): RunSurroundings;
  plan(request: ReleaseRequest): Promise<Plan>;
  release(request: ReleaseRequest, more?: Partial<RunSurroundings>): Promise<Outcome>;
  stop(): Promise<void>;
}

const SPEED = 30;
const SLEEP_SPEED = 200;
/** Time that passes thirty times as fast, and pauses that are shorter still: bounds must not be met by a slow machine. */
export const quickClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * SPEED,
  after: (delayMs, callback) => systemClock.after(delayMs / SPEED, callback),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs / SLEEP_SPEED, signal),
};

export const APP = 'shop';
export const NAMESPACE = 'default';

export async function controlPlane(): Promise<ControlPlane> {
  const cluster = await memoryCluster();
  const running: Running[] = [startControllers(cluster.context), startScheduler(cluster.loopContext())];
  // Jobs end at once, well unless their command says otherwise; an image called broken never gets ready.
  playNode(cluster, endOf);
  await createNode(cluster, nodeDraft('node-1'));
  const client: RoadClient = cluster.client;
  const ledger = openLedger(client, APP, NAMESPACE);
  const plane: ControlPlane = {
    client,
    ledger,
    around: (more = {}) => ({
      client,
      clock: quickClock,
      ledger,
      lease: freeLease(),
      signal: new AbortController().signal,
      onEvent: () => {},
      timeoutMs: 1_000_000,
      ...more,
    }),
    async plan(request) {
      return planRelease(request, await liveOf(plane, request));
    },
    async release(request, more) {
      return await startRelease(request, await plane.plan(request), plane.around(more));
    },
    async stop() {
      for (const each of running) await each.stop();
      await cluster.stop();
    },
  };
  return plane;
}

async function liveOf({ client, ledger }: ControlPlane, request: ReleaseRequest): Promise<LiveState> {
  return await readLive(client, request, await ledger.lastGood());
}

function endOf(pod: Pod): { phase: 'Succeeded' | 'Failed'; exitCode: number } | undefined {
  const [container] = pod.spec.containers;
  if (container?.image?.includes('broken')) return { phase: 'Failed', exitCode: 3 };
  if (pod.spec.restartPolicy !== 'Never') return undefined;
  return container?.command?.includes('false') ? { phase: 'Failed', exitCode: 1 } : { phase: 'Succeeded', exitCode: 0 };
}

/** A lease that nobody else wants; `ask` is what somebody else asks of its holder. */
export function freeLease(): HeldLease & { ask(request: LeaseRequest): void } {
  const handlers = new Set<(request: LeaseRequest) => void>();
  return {
    lost: new AbortController().signal,
    onRequest(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    ask(request) {
      for (const handler of handlers) handler(request);
    },
    tell: async () => {},
    release: async () => {},
  };
}

export interface ShopOptions {
  readonly strategy?: Strategy;
  readonly replicas?: number;
  readonly migrate?: readonly string[];
  readonly hooks?: Readonly<Partial<Record<'before' | 'between' | 'after', readonly string[]>>>;
  readonly ingress?: boolean;
  readonly more?: readonly Manifest[];
}

/** A version of an app as it would be released: configuration, jobs, Deployment, Service and Ingress. */
export function shop(version: string, options: ShopOptions = {}): ReleaseRequest {
  const labels = (component: string): Record<string, string> => ({
    'app.kubernetes.io/instance': APP,
    'app.kubernetes.io/managed-by': 'wherry',
    [COMPONENT_LABEL]: component,
  });
  const metadata = (name: string, component = 'web') => ({ name, namespace: NAMESPACE, labels: labels(component) });
  const job = (name: string, stage: string, command: readonly string[]): Manifest => {
    const named = metadata(name, stage === 'migrate' ? stage : 'hook');
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...named, labels: { ...named.labels, 'wherry/stage': stage } },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: labels(stage) },
          spec: { restartPolicy: 'Never', containers: [{ name: 'job', image: `shop:${version}`, command }] },
        },
      },
    };
  };
  const { migrate, hooks = {}, replicas = 2, ingress = true } = options;
  const objects: Manifest[] = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(`shop-${version}`), data: { VERSION: version } },
    ...(migrate ? [job(`shop-migrate-${version}`, 'migrate', migrate)] : []),
    ...Object.entries(hooks).map(([stage, command]) => job(`shop-${stage}-1`, stage, command)),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(APP),
      spec: { selector: labels('web'), ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(APP),
      spec: {
        replicas,
        selector: { matchLabels: labels('web') },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: labels('web') },
          spec: {
            containers: [
              { name: 'app', image: `shop:${version}`, envFrom: [{ configMapRef: { name: `shop-${version}` } }] },
            ],
          },
        },
      },
    },
    ...(ingress
      ? [
          {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'Ingress',
            metadata: metadata(APP),
            spec: {
              ingressClassName: 'wherry',
              rules: [
                {
                  host: 'shop.localhost',
                  http: {
                    paths: [
                      {
                        path: '/',
                        pathType: 'Prefix',
                        backend: { service: { name: APP, port: { name: 'http' } } },
                      },
                    ],
                  },
                },
              ],
            },
          },
        ]
      : []),
    ...(options.more ?? []),
  ];
  return {
    app: APP,
    namespace: NAMESPACE,
    strategy: options.strategy ?? 'rolling',
    objects,
    front: APP,
    image: `shop:${version}`,
    smokePaths: ['/ready', '/'],
    hold: { seconds: 5 },
    canary: [
      { weightPercent: 10, holdSeconds: 5 },
      { weightPercent: 50, holdSeconds: 0 },
      { weightPercent: 100, holdSeconds: 0 },
    ],
  };
}

/** What an app's cluster holds, in the words that matter to a release. */
export async function stateOf(client: RoadClient): Promise<string[]> {
  const names = async (kind: typeof kinds.configmaps | typeof kinds.ingresses): Promise<string[]> =>
    (await client.list(kind as typeof kinds.configmaps, { namespace: NAMESPACE })).items
      .map(({ metadata }) => `${kind.kind} ${metadata.name}`)
      .filter((name) => !name.includes('kube-root-ca'));
  const deployments = await client.list(kinds.deployments, { namespace: NAMESPACE });
  const services = await client.list(kinds.services, { namespace: NAMESPACE });
  return [
    ...(await names(kinds.configmaps)),
    ...(await names(kinds.ingresses)),
    ...deployments.items.map(({ metadata, spec, status }) => {
      const [container] = spec.template.spec?.containers ?? [];
      return `Deployment ${metadata.name} ${container?.image} ${status?.readyReplicas ?? 0}/${spec.replicas}`;
    }),
    ...services.items
      .filter(({ metadata }) => metadata.name !== 'kubernetes')
      .map(({ metadata, spec }) => `Service ${metadata.name} to ${spec.selector?.['wherry/track'] ?? 'all'}`),
  ].sort();
}

/** The steps' types as they were begun. */
export function stepsOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'step'
      ? [`${event.undo ? 'back: ' : ''}${event.step.type === 'job' ? event.step.stage : event.step.type}`]
      : [],
  );
}
