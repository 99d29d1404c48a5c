import type { Container, PodSpec, Probe, ResourceRequirements } from '../../engine/kinds/index.ts';
import type { CanaryStep, MigrationFacts, ServiceKind } from '../project/index.ts';

/**
 * An application as wherry carries it, whatever it was read from: a folder, a compose file or a running process. The
 * manifests, the compose file for the laptop and the pipeline are all written from it, so they cannot disagree.
 * Names of parts, sets and volumes are DNS labels, unique within their list.
 */
export interface Application {
  /** A DNS label of at most 40 characters. */
  readonly name: string;
  readonly version: string | undefined;
  readonly parts: readonly Part[];
  readonly builds: readonly Build[];
  readonly settings: readonly SettingSet[];
  readonly secrets: readonly SecretSet[];
  readonly volumes: readonly Volume[];
  readonly externals: readonly External[];
  /** Parts that clients outside the cluster reach by address and port, besides the Ingress. */
  readonly exposed?: readonly Exposed[];
  /** Whom a release by strategy is for: the name of the part that serves; undefined when nothing is served. */
  readonly front: string | undefined;
  readonly release: ReleaseWishes;
  /** What the reader should know, one line each, with place. */
  readonly notes: readonly string[];
}

/** A part's port on every node (NodePort) or on an address of the provider's (LoadBalancer). */
export interface Exposed {
  readonly part: string;
  readonly type: 'NodePort' | 'LoadBalancer';
  /** Chosen by the cluster when not given; NodePort of one port only. */
  readonly nodePort?: number;
}

/** How its releases are wanted, where somebody said so. */
export interface ReleaseWishes {
  readonly strategy?: 'rolling' | 'recreate' | 'blue-green' | 'canary';
  readonly canary?: readonly CanaryStep[];
  readonly gates?: { readonly errorPercentMax?: number; readonly latencyP99MsMax?: number };
  readonly migrations?: MigrationFacts;
  /** Paths that a smoke test asks, cheapest first. */
  readonly smokePaths: readonly string[];
}

/** An image that is built here. */
export interface Build {
  readonly name: string;
  /** Full path of the context. */
  readonly directory: string;
  /** Full path of the folder's own Dockerfile; undefined: wherry writes `text`. */
  readonly dockerfile: string | undefined;
  /** The Dockerfile itself, where `dockerfile` is undefined. */
  readonly text: string | undefined;
  /** What stays out of the context, in the syntax of .dockerignore; undefined: as the folder says. */
  readonly dockerignore: string | undefined;
  readonly target: string | undefined;
  readonly arguments: Readonly<Record<string, string>>;
}

export type PartKind = 'deployment' | 'statefulset' | 'daemonset' | 'job' | 'cronjob';

/** What a part is to the application; it names the component label. */
export type PartRole =
  | 'web'
  | 'worker'
  | 'database'
  | 'cache'
  | 'queue'
  | 'storage'
  | 'seed'
  | 'migrate'
  | 'hook'
  | 'part';

/** One process that is kept running, or run to its end. */
export interface Part {
  /** Names its objects. The front part of an app read from a folder has the app's name. */
  readonly name: string;
  readonly kind: PartKind;
  readonly role: PartRole;
  /** When a job runs within a release; undefined for what is kept running, and for jobs that only `needs` order. */
  readonly stage?: 'seed' | 'migrate' | 'before' | 'between' | 'after';
  readonly image: { readonly reference: string } | { readonly build: string };
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  readonly arguments?: readonly string[];
  readonly workingDirectory?: string;
  readonly environment: readonly EnvironmentVariable[];
  readonly ports: readonly Port[];
  /** Other names that parts reach it by; each becomes a Service. */
  readonly aliases?: readonly string[];
  readonly probes?: { readonly startup?: Probe; readonly readiness?: Probe; readonly liveness?: Probe };
  readonly mounts: readonly Mount[];
  readonly needs: readonly Need[];
  /** 1 when not given; for the front part 2. */
  readonly replicas?: number;
  /** Five fields of cron, for a cronjob. */
  readonly schedule?: string;
  readonly resources?: ResourceRequirements;
  /** Whom the image runs as, when known: decides what its pod may be denied. */
  readonly user?: { readonly userId: number; readonly groupId?: number };
  readonly gracePeriodSeconds?: number;
  /** Only one may run at a time (its data allows no second): rolled by recreating. */
  readonly single?: boolean;
  /** Fields of the container and the pod that have no word of their own here; they win over what is written for them. */
  readonly container?: Partial<Container>;
  readonly pod?: Partial<PodSpec>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Reached from outside the cluster by HTTP; `host`: besides the host that a deploy chooses. */
  readonly way?: { readonly port: string; readonly paths?: readonly string[]; readonly host?: string };
  /** Where it was said: `Procfile:2`, `compose.yaml:14`. */
  readonly source: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: /** May be read by anyone; goes to a ConfigMap. */
    | { readonly is: 'plain'; readonly text: string }
    /**
     * A key of a SecretSet; `optional`: the container starts without it. `asked`: nothing serves in its place, so
     * whoever deploys is asked to give it while it is not there.
     */
    | {
        readonly is: 'secret';
        readonly set: string;
        readonly key: string;
        readonly optional?: boolean;
        readonly asked?: boolean;
      }
    /** A field of the pod: `status.podIP`. */
    | { readonly is: 'field'; readonly path: string };
  readonly source: string;
}

export interface Port {
  /** `http`, `mysql`, `port-5432`; at most 15 characters of a-z, 0-9 and `-`. */
  readonly name: string;
  /** What the process listens on. */
  readonly target: number;
  /** What its Service listens on. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** What the laptop's port was; only compose files know. */
  readonly published?: number;
}

export interface Mount {
  readonly path: string;
  readonly readOnly?: boolean;
  readonly from:
    | { readonly is: 'volume'; readonly volume: string; readonly below?: string }
    /** A claim for each replica; statefulset only. */
    | { readonly is: 'own'; readonly name: string; readonly size: string }
    /** Gone with the pod. */
    | { readonly is: 'scratch'; readonly name: string; readonly memory?: boolean; readonly sizeLimit?: string }
    /** Keys of a set as files; `key` mounts that one file at `path`. `mode` is a file mode. */
    | { readonly is: 'settings'; readonly set: string; readonly key?: string; readonly mode?: number }
    | { readonly is: 'secrets'; readonly set: string; readonly key?: string; readonly mode?: number };
}

/** Another part that must have got so far before this one starts. */
export interface Need {
  readonly part: string;
  readonly condition: 'started' | 'ready' | 'completed';
}

/** Plain values or files, kept in a ConfigMap. Values that are not UTF-8 are Buffers. */
export interface SettingSet {
  readonly name: string;
  readonly role: PartRole;
  readonly values: Readonly<Record<string, string | Uint8Array>>;
  readonly source: string;
}

/**
 * Values that stay hidden, kept in a Secret. What the cluster's Secret holds already is kept: random values, empty texts,
 * keys that stand here no more, and for the roles that keep data (database, cache, queue, storage) every value, since
 * the server's data knows the old one. A text of another role is written as it stands here, so that a changed one counts.
 */
export interface SecretSet {
  readonly name: string;
  readonly role: PartRole;
  readonly values: Readonly<Record<string, SecretValue>>;
  /** Made elsewhere (compose `external: true`): referred to, never written. */
  readonly external?: boolean;
  readonly source: string;
}

export type SecretValue =
  | { readonly is: 'text'; readonly text: string | Uint8Array }
  /** Made when first needed: 32 letters and digits. */
  | { readonly is: 'random' }
  /** `mysql://${username}:${password}@users-database:3306/${database}`: other keys of the same set put in. */
  | { readonly is: 'joined'; readonly template: string };

/** Data that outlives pods and may be shared by parts. */
export interface Volume {
  readonly name: string;
  /** A quantity: `1Gi`. */
  readonly size: string;
  /** Several nodes write at once. */
  readonly shared?: boolean;
  readonly storageClass?: string;
  /** Made elsewhere: referred to, never written. */
  readonly external?: boolean;
  readonly source: string;
}

/** A server that stays outside the cluster; parts reach it by `name`. */
export interface External {
  readonly name: string;
  readonly kind: ServiceKind | undefined;
  /** A DNS name or an IP address. */
  readonly host: string;
  readonly port: number | undefined;
  readonly source: string;
}
