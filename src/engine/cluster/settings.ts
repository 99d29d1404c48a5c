import { createHash } from 'node:crypto';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/index.ts';

/** All defaults of a cluster, in one place. */
export const DEFAULTS = {
  name: 'default',
  home: '/var/lib/wherry',
  podRange: '10.244.0.0/16',
  serviceRange: '10.96.0.0/16',
  apiServiceAddress: '10.96.0.1',
  dnsAddress: '10.96.0.10',
  nodeAddress: '10.95.0.1',
  apiPort: 6443,
  httpPort: 8080,
  httpsPort: 8443,
  clusterDomain: 'cluster.local',
  nodePortRange: [30000, 32767],
  podsMax: 500,
  startTimeoutMs: 30_000,
  stopTimeoutMs: 15_000,
  /** How long the containers of a cluster that stops have to end by themselves. */
  containerGraceMs: 10_000,
} as const;

export const KUBERNETES_VERSION = 'v1.36.2+wherry';

/** What a cluster is started with; kept in its cluster.json, so that the next start is the same. */
export interface ClusterSettings {
  readonly name: string;
  readonly apiPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** `pasta` gives pods a way out, `none` keeps every packet inside. */
  readonly outbound: 'none' | 'pasta';
  /** No containers: pods run in name only. Needs neither Linux nor root. */
  readonly hollow: boolean;
  /** API versions turned on or off, as upstream's --runtime-config. */
  readonly runtimeConfig: Readonly<Record<string, boolean>>;
}

/** Where everything of wherry's lies on this machine. */
export function homeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.WHERRY_HOME || DEFAULTS.home;
}

export function clustersDirectory(): string {
  return join(homeDirectory(), 'clusters');
}

/** Shared by the machine's clusters and builds; `WHERRY_IMAGES` puts it elsewhere than below the home. */
export function imageStoreDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.WHERRY_IMAGES || join(homeDirectory(environment), 'images');
}

export interface ClusterPaths {
  readonly directory: string;
  readonly state: string;
  readonly lock: string;
  readonly store: string;
  readonly pki: string;
  readonly volumes: string;
  readonly containers: string;
  readonly network: string;
  readonly node: string;
  readonly log: string;
  readonly kubeconfig: string;
}

export function pathsOf(name: string): ClusterPaths {
  const directory = join(clustersDirectory(), name);
  return {
    directory,
    state: join(directory, 'cluster.json'),
    lock: `${directory}.lock`,
    store: join(directory, 'store'),
    pki: join(directory, 'pki'),
    volumes: join(directory, 'volumes'),
    containers: join(directory, 'run'),
    network: join(directory, 'network'),
    node: join(directory, 'node'),
    log: join(directory, 'engine.log'),
    kubeconfig: join(directory, 'kubeconfig'),
  };
}

/** @throws UserError when it cannot be part of a file name, a cgroup and a context. */
export function checkClusterName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new UserError(
    '--name',
    `"${name}" cannot be a cluster's name`,
    'Use 1 to 40 lower-case letters, digits and "-", beginning and ending with a letter or digit: my-cluster',
    { exitStatus: 2 },
  );
}

/** The name of the cluster's context in a kubeconfig, and of its node. */
export function contextOf(name: string): string {
  return name === DEFAULTS.name ? 'wherry' : `wherry-${name}`;
}

/** The cluster's cgroup below `/wherry`: clusters of two homes may have the same name. */
export function cgroupNameOf(name: string): string {
  const home = homeDirectory();
  return home === DEFAULTS.home ? name : `${name}.${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
}

/** What the node says it has: this machine. */
export function machineCapacity(): { cpu: number; memoryBytes: number; pods: number; ephemeralStorageBytes: number } {
  return {
    cpu: availableParallelism(),
    memoryBytes: totalmem(),
    pods: DEFAULTS.podsMax,
    ephemeralStorageBytes: 100 * 1024 ** 3,
  };
}
