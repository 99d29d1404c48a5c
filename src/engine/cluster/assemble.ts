import type { Server, Socket } from 'node:net';
import type { Clock, Log } from '../../base/index.ts';
import { createApi, defaultRoles, type NodeLink } from '../api/index.ts';
import {
  type Client,
  createInformers,
  createRecorder,
  type Informers,
  type LoopContext,
  type Running,
} from '../client/index.ts';
import { startControllers } from '../controllers/index.ts';
import type { ImageStore } from '../images/index.ts';
import {
  badRequest,
  type Catalogue,
  createCatalogue,
  type Kind,
  notFound,
  type Pod,
  serviceUnavailable,
} from '../kinds/index.ts';
import type { Network } from '../network/index.ts';
import { type Node, startNode } from '../node/index.ts';
import { startProxy } from '../proxy/index.ts';
import { createResources, defaultAdmissions, type Resources, type UserInfo } from '../resources/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import type { Store } from '../store/index.ts';
import { bootstrap } from './bootstrap.ts';
import { localClient } from './local-client.ts';
import { localTokens } from './local-tokens.ts';
import { type Pki, signRequest } from './pki.ts';
import { DEFAULTS, KUBERNETES_VERSION, machineCapacity } from './settings.ts';

export interface AssembleOptions {
  readonly nodeName: string;
  readonly store: Store;
  readonly pki: Pki;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtimeConfig: Readonly<Record<string, boolean>>;
  /** URL of the API as the host reaches it. */
  readonly server: string;
  readonly volumesDirectory: string;
  readonly nodeDirectory: string;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  /** Undefined with a hollow runtime: pods get no network. */
  readonly network: Network | undefined;
  readonly ingressPorts: { readonly http: number; readonly https: number };
  /** Nodes without containers, besides the machine's own. */
  readonly hollowNodes?: number;
}

/** A running engine, seen from inside its process. */
export interface Assembled {
  readonly client: Client;
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  /** Hands a connection of any listening socket to the API. */
  accept(socket: Socket): void;
  /** Also hand over the listening socket itself. */
  serve(server: Server): void;
  /** Resolves when the node is Ready. */
  nodeReady(): Promise<void>;
  /** Ends the node's work only: nothing restarts what ends from here on. */
  stopNode(): Promise<void>;
  /** Ends the loops, then the API, then the store. Containers go on running. */
  stop(): Promise<void>;
}

const ENGINE: UserInfo = { name: 'system:wherry', groups: ['system:masters', 'system:authenticated'] };

/** Puts the rooms together in the order in which they need each other. The only place that closes the loop. */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const { store, clock, log, pki, network } = options;
  const catalogue = createCatalogue({ runtimeConfig: options.runtimeConfig });
  const resources = createResources({
    store,
    catalogue,
    clock,
    log,
    admissions: defaultAdmissions({ clock }),
    settings: { serviceRange: DEFAULTS.serviceRange, nodePortRange: [...DEFAULTS.nodePortRange] },
  });

  let node: Node | undefined;
  const checks: Record<string, boolean> = { store: true, node: false };
  const api = createApi({
    resources,
    catalogue,
    clock,
    log: log.child({ part: 'api' }),
    nodeLink: nodeLink(() => node, network),
    certificates: { certificate: pki.server.certificate, key: pki.server.key, clientCa: pki.ca.certificate },
    serviceAccountKeys: {
      privateKey: pki.serviceAccount.privateKey,
      publicKeys: [pki.serviceAccount.publicKey],
      issuer: 'https://kubernetes.default.svc.cluster.local',
      audiences: ['https://kubernetes.default.svc.cluster.local'],
    },
    version: {
      major: '1',
      minor: '36',
      gitVersion: KUBERNETES_VERSION,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '1970-01-01T00:00:00Z',
      goVersion: process.version,
      compiler: 'v8',
      platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    },
    ready: () => ({ ...checks }),
  });

  const clientOf = (component: string): Client =>
    localClient({
      resources,
      catalogue,
      user: ENGINE,
      fieldManager: component,
      virtualCreate: localTokens(resources, catalogue, api),
    });
  const client = clientOf('wherry');
  await bootstrap(client, {
    nodeAddress: DEFAULTS.nodeAddress,
    apiPort: DEFAULTS.apiPort,
    rootCa: pki.ca.certificate,
    server: options.server,
    policy: defaultRoles(),
  });

  const informers: Informers = createInformers(clientOf('wherry'), clock, log);
  const contextOf = (component: string): LoopContext => ({
    client: clientOf(component),
    informers,
    clock,
    log: log.child({ part: component }),
    recorder: (name, host) => createRecorder(client, name, clock, log, host),
  });

  const running: Running[] = [];
  running.push(
    startControllers({
      ...contextOf('kube-controller-manager'),
      settings: {
        rootCa: pki.ca.certificate,
        volumesDirectory: options.volumesDirectory,
        nodeName: options.nodeName,
        clusterDomain: DEFAULTS.clusterDomain,
        catalogueKinds: () => listable(catalogue),
        issueToken: ({ namespace, name, uid, secretName }) =>
          api.issueSecretToken({ namespace, name, uid }, secretName),
        signCertificate: (request) => {
          const lifetimeMs = (request.spec.expirationSeconds ?? 365 * 24 * 3600) * 1000;
          return signRequest(
            pki.ca,
            Buffer.from(request.spec.request, 'base64').toString(),
            request.spec.usages ?? [],
            lifetimeMs,
          );
        },
      },
    }),
    startScheduler(contextOf('kube-scheduler')),
  );
  if (network) {
    running.push(
      startProxy(contextOf('kube-proxy'), network, {
        nodeName: options.nodeName,
        nodeAddress: DEFAULTS.nodeAddress,
        clusterDomain: DEFAULTS.clusterDomain,
        loadBalancerAddress: '127.0.0.1',
        ingressDoors: options.ingressPorts,
      }),
    );
  }
  node = await startNode(contextOf('kubelet'), {
    name: options.nodeName,
    directory: options.nodeDirectory,
    runtime: options.runtime,
    images: options.images,
    network,
    addresses: { internalIp: DEFAULTS.nodeAddress, hostname: options.nodeName },
    capacity: machineCapacity(),
    kubernetesVersion: KUBERNETES_VERSION,
    clusterDns: network ? DEFAULTS.dnsAddress : '',
    clusterDomain: DEFAULTS.clusterDomain,
    serviceEnvironment: true,
    apiAddress: `https://${DEFAULTS.nodeAddress}:${DEFAULTS.apiPort}`,
  });
  checks.node = true;

  return {
    client,
    resources,
    catalogue,
    accept: (socket) => api.accept(socket),
    serve(server) {
      server.on('connection', (socket) => api.accept(socket));
    },
    async nodeReady() {
      await untilNodeReady(informers, options.nodeName);
    },
    async stopNode() {
      const stopping = node;
      node = undefined;
      await stopping?.stop();
    },
    async stop() {
      await node?.stop();
      await Promise.all(running.map((part) => part.stop()));
      informers.stop();
      await api.close();
      await network?.stop();
      await options.runtime.close();
      await store.close();
    },
  };
}

function listable(catalogue: Catalogue): readonly Kind[] {
  return catalogue
    .all()
    .filter(({ verbs }) => verbs.includes('list') && verbs.includes('delete') && verbs.includes('watch'));
}

async function untilNodeReady(informers: Informers, name: string): Promise<void> {
  const { kinds } = await import('../kinds/index.ts');
  await new Promise<void>((resolve) => {
    const stop = informers.of(kinds.nodes).onChange((now) => {
      if (now?.metadata.name !== name) return;
      if (!now.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

/** The way from the API to the node, which starts after it. */
function nodeLink(current: () => Node | undefined, network: Network | undefined): NodeLink {
  const node = (): Node => {
    const running = current();
    if (!running) throw serviceUnavailable('the node is not ready yet');
    return running;
  };
  const onNode = (pod: Pod): Node => {
    const running = node();
    if (pod.spec.nodeName !== running.name) throw badRequest(`node ${pod.spec.nodeName ?? ''} runs no containers`);
    return running;
  };
  return {
    logs: async (pod, query, signal) => onNode(pod).logs(pod, query, signal),
    exec: async (pod, request, streams) => onNode(pod).exec(pod, request, streams),
    attach: async (pod, request, streams) => onNode(pod).attach(pod, request, streams),
    portForward: async (pod, port) => onNode(pod).portForward(pod, port),
    async connect(host, port) {
      if (!network) throw serviceUnavailable('this cluster has no network');
      return network.connect(host, port);
    },
    async nodeEndpoint(name, path) {
      const running = node();
      if (name !== running.name) throw notFound({ group: '', resource: 'nodes' }, name);
      return running.nodeEndpoint(path);
    },
  };
}
