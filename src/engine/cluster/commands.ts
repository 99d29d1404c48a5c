import { chmod, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { UserError } from '../../base/index.ts';
import { type HttpClient, type HttpClientOptions, httpClient } from '../client/index.ts';
import { endBundle, removeCgroups, startBundle, untilGone } from './bundle.ts';
import {
  type KubeconfigEntry,
  kubeconfigText,
  mergeContext,
  removeContext,
  userKubeconfigPath,
} from './kubeconfig-file.ts';
import { DOORS, type DoorName, launchEngine, openDoors } from './launch.ts';
import { requireMachine } from './machine.ts';
import { ensurePki, SERVER_ADDRESSES, serverNames } from './pki.ts';
import {
  type ClusterSettings,
  cgroupNameOf,
  checkClusterName,
  clustersDirectory,
  contextOf,
  DEFAULTS,
  pathsOf,
} from './settings.ts';
import { type ClusterState, clusterNames, isRunning, readState, withLock, writeState } from './state.ts';

export interface StartOptions {
  readonly name: string;
  /** Fixed ports; a default that is in use moves on to the next free one. */
  readonly apiPort?: number;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly outbound?: 'none' | 'pasta';
  readonly runtimeConfig?: Readonly<Record<string, boolean>>;
  /** No containers: the API with a node that only says it runs them. */
  readonly hollow?: boolean;
  /** Whether the user's own kubeconfig gets the context; true when not given. */
  readonly merge?: boolean;
  onProgress?(line: string): void;
}

export interface StartResult {
  readonly name: string;
  readonly context: string;
  readonly settings: ClusterSettings;
  readonly kubeconfigPath: string;
  /** It ran already; nothing was done. */
  readonly alreadyRunning: boolean;
  /** From the engine's first moment to the node being Ready. */
  readonly engineMilliseconds: number | undefined;
}

/** Starts a cluster, or does nothing when it runs. What an earlier run left behind is taken over or cleaned up. */
export async function startClusterProcess(options: StartOptions): Promise<StartResult> {
  const name = checkClusterName(options.name);
  return withLock(name, async () => {
    const before = await readState(name);
    const hollow = options.hollow ?? before?.settings.hollow ?? false;
    if (before && (before.settings.hollow ?? false) !== hollow) {
      throw new UserError(
        `cluster ${name}`,
        `was made ${before.settings.hollow ? 'without' : 'with'} containers`,
        `Delete it first: wherry cluster delete --name ${name}`,
      );
    }
    if (!hollow) requireMachine();
    if (before && isRunning(before.engine)) {
      refuseOtherPorts(before.settings, options);
      return resultOf(name, before.settings, true, undefined);
    }
    await requireDiskSpace(name);
    const asked = { apiPort: options.apiPort, httpPort: options.httpPort, httpsPort: options.httpsPort };
    const { ports, servers } = await openDoors(
      {
        apiPort: asked.apiPort ?? before?.settings.apiPort ?? DEFAULTS.apiPort,
        httpPort: asked.httpPort ?? before?.settings.httpPort ?? DEFAULTS.httpPort,
        httpsPort: asked.httpsPort ?? before?.settings.httpsPort ?? DEFAULTS.httpsPort,
      },
      (door) => asked[door] !== undefined || before !== undefined,
    );
    for (const door of DOORS) {
      const usual = DEFAULTS[door];
      if (!before && ports[door] !== usual)
        options.onProgress?.(`port ${usual} is in use, taking ${ports[door]} for ${DOOR_WORDS[door]}`);
    }
    const settings: ClusterSettings = {
      name,
      ...ports,
      hollow,
      outbound: options.outbound ?? before?.settings.outbound ?? 'none',
      runtimeConfig: options.runtimeConfig ?? before?.settings.runtimeConfig ?? {},
    };
    const createdAt = before?.createdAt ?? new Date().toISOString();
    // Keys are made here while the namespaces and the engine come up; the engine waits for them.
    const keys = ensurePki(pathsOf(name).pki, serverNames(name), SERVER_ADDRESSES);
    keys.catch(() => undefined);
    let bundle = before?.bundle;
    if (!hollow && !isRunning(bundle)) {
      await removeCgroups(cgroupNameOf(name));
      bundle = await startBundle(contextOf(name));
    }
    await writeState(name, { settings, createdAt, bundle, engine: undefined });
    try {
      const { engine, milliseconds } = await launchEngine(name, bundle, servers, ports, keys);
      await writeState(name, { settings, createdAt, bundle, engine });
      await writeKubeconfigs(name, settings, options.merge ?? true);
      return resultOf(name, settings, false, milliseconds);
    } catch (error) {
      // A cluster that never ran leaves nothing; one that did keeps its containers for the next try.
      if (!before) await erase(name, bundle);
      throw error;
    }
  });
}

const DOOR_WORDS: Record<DoorName, string> = { apiPort: 'the API', httpPort: 'HTTP', httpsPort: 'HTTPS' };

function refuseOtherPorts(settings: ClusterSettings, options: StartOptions): void {
  for (const door of DOORS) {
    const asked = options[door];
    if (asked !== undefined && asked !== settings[door]) {
      throw new UserError(
        `cluster ${settings.name}`,
        `runs with port ${settings[door]} for ${DOOR_WORDS[door]}`,
        `Stop it first: wherry cluster stop --name ${settings.name}`,
      );
    }
  }
}

/** lmdb and the containers' layers need room to be written; without it a start would end half way. */
async function requireDiskSpace(name: string): Promise<void> {
  const { directory } = pathsOf(name);
  await mkdir(clustersDirectory(), { recursive: true, mode: 0o711 });
  const { bavail, bsize } = await statfs(clustersDirectory());
  const freeBytes = bavail * bsize;
  if (freeBytes < 64 * 1024 * 1024) {
    throw new UserError(
      directory,
      `only ${Math.floor(freeBytes / 1024 / 1024)} MiB free on its disk, a cluster needs 64 MiB to start`,
      'Make room, or name another place: WHERRY_HOME=DIRECTORY',
    );
  }
}

/** Stops the engine and every container; objects, volumes and settings stay. */
export async function stopClusterProcess(nameGiven: string): Promise<{ wasRunning: boolean }> {
  const name = checkClusterName(nameGiven);
  return withLock(name, async () => {
    const state = await require(name);
    const wasRunning = isRunning(state.engine) || isRunning(state.bundle);
    await endEngine(state, 'SIGUSR2');
    await endBundle(state.bundle, DEFAULTS.stopTimeoutMs);
    await removeCgroups(cgroupNameOf(name));
    await writeState(name, { ...state, bundle: undefined, engine: undefined });
    return { wasRunning };
  });
}

/** Ends everything and removes every trace of the cluster. */
export async function deleteCluster(nameGiven: string): Promise<{ existed: boolean }> {
  const name = checkClusterName(nameGiven);
  return withLock(name, async () => {
    const state = await readState(name).catch(() => undefined);
    const existed = (await clusterNames()).includes(name);
    if (state) await endEngine(state, 'SIGKILL');
    await erase(name, state?.bundle);
    await removeContext(userKubeconfigPath(), contextOf(name));
    return { existed };
  });
}

async function endEngine(state: ClusterState, signal: NodeJS.Signals): Promise<void> {
  const { engine } = state;
  if (!isRunning(engine)) return;
  process.kill(engine.pid, signal);
  await untilGone(engine, DEFAULTS.stopTimeoutMs + DEFAULTS.containerGraceMs).catch(() =>
    process.kill(engine.pid, 'SIGKILL'),
  );
}

async function erase(name: string, bundle: ClusterState['bundle']): Promise<void> {
  await endBundle(bundle, DEFAULTS.stopTimeoutMs);
  await removeCgroups(cgroupNameOf(name));
  await rm(pathsOf(name).directory, { recursive: true, force: true, maxRetries: 5 });
}

export interface ClusterStatus {
  readonly name: string;
  readonly context: string;
  readonly running: boolean;
  readonly server: string;
  readonly http: string;
  readonly https: string;
  readonly createdAt: string;
  readonly engineProcess: number | undefined;
}

export async function listClusters(): Promise<ClusterStatus[]> {
  const states = await Promise.all((await clusterNames()).map((name) => readState(name).catch(() => undefined)));
  return states.filter((state) => state !== undefined).map(statusOf);
}

export async function clusterStatus(name: string): Promise<ClusterStatus> {
  return statusOf(await require(checkClusterName(name)));
}

function statusOf({ settings, createdAt, engine }: ClusterState): ClusterStatus {
  const running = isRunning(engine);
  return {
    name: settings.name,
    context: contextOf(settings.name),
    running,
    createdAt,
    server: `https://127.0.0.1:${settings.apiPort}`,
    http: `http://127.0.0.1:${settings.httpPort}`,
    https: `https://127.0.0.1:${settings.httpsPort}`,
    engineProcess: running ? engine.pid : undefined,
  };
}

async function require(name: string): Promise<ClusterState> {
  const state = await readState(name);
  if (state) return state;
  const names = await clusterNames();
  throw new UserError(
    `cluster ${name}`,
    'does not exist',
    names.length > 0 ? `There are: ${names.join(', ')}` : 'Start one: wherry cluster start',
  );
}

/** The kubeconfig of one cluster, as text. */
export async function kubeconfigOf(nameGiven: string): Promise<string> {
  const name = checkClusterName(nameGiven);
  const { settings } = await require(name);
  return kubeconfigText(await entryOf(name, settings));
}

async function entryOf(name: string, settings: ClusterSettings): Promise<KubeconfigEntry> {
  const pki = await ensurePki(pathsOf(name).pki, [], []);
  return {
    name: contextOf(name),
    server: `https://127.0.0.1:${settings.apiPort}`,
    caPem: pki.ca.certificate,
    certificatePem: pki.admin.certificate,
    keyPem: pki.admin.key,
  };
}

async function writeKubeconfigs(name: string, settings: ClusterSettings, merge: boolean): Promise<void> {
  const entry = await entryOf(name, settings);
  const { kubeconfig } = pathsOf(name);
  await writeFile(kubeconfig, kubeconfigText(entry), { mode: 0o600 });
  await chmod(kubeconfig, 0o600);
  if (merge) await mergeContext(userKubeconfigPath(), entry);
}

function resultOf(
  name: string,
  settings: ClusterSettings,
  alreadyRunning: boolean,
  engineMilliseconds: number | undefined,
): StartResult {
  return {
    name,
    context: contextOf(name),
    settings,
    kubeconfigPath: pathsOf(name).kubeconfig,
    alreadyRunning,
    engineMilliseconds,
  };
}

/** A running cluster and the ways to reach it. */
export interface ReadyCluster {
  readonly name: string;
  readonly context: string;
  readonly kubeconfigPath: string;
  readonly client: HttpClient;
  /** What `client` was made with. */
  readonly connection: HttpClientOptions;
  /** The URL under which the cluster's Ingress answers for a host; an empty host is that of rules without one. */
  ingressUrl(host: string): string;
}

/** The cluster, started when it does not run. */
export async function ensureCluster(options: StartOptions): Promise<ReadyCluster> {
  const { settings, context, kubeconfigPath } = await startClusterProcess(options);
  return reach(settings, context, kubeconfigPath);
}

/** The cluster as it runs now. @throws UserError when it does not. */
export async function runningCluster(nameGiven: string): Promise<ReadyCluster> {
  const name = checkClusterName(nameGiven);
  const { settings, engine } = await require(name);
  if (!isRunning(engine))
    throw new UserError(
      `cluster ${name}`,
      'is stopped',
      `Start it: wherry cluster start${name === DEFAULTS.name ? '' : ` --name ${name}`}`,
    );
  return reach(settings, contextOf(name), pathsOf(name).kubeconfig);
}

async function reach(settings: ClusterSettings, context: string, kubeconfigPath: string): Promise<ReadyCluster> {
  const entry = await entryOf(settings.name, settings);
  const connection = { server: entry.server, ca: entry.caPem, certificate: entry.certificatePem, key: entry.keyPem };
  return {
    name: settings.name,
    context,
    kubeconfigPath,
    connection,
    client: httpClient(connection),
    ingressUrl: (host) => `http://${host || '127.0.0.1'}:${settings.httpPort}`,
  };
}
