import type { ObjectMeta, PodSpec } from '../../engine/kinds/index.ts';

/** An object as it is applied: what the API server fills in is left out. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Objects in the order they are to be applied, and what the reader should know. */
export interface Manifests {
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
}

interface Common {
  readonly namespace: string;
  /** Of the part that serves; what the application wishes, else 2, when not given. */
  readonly replicas?: number;
  /** Host of the Ingress; without one, and without a wish of the application, there is no Ingress. */
  readonly host?: string;
  /** Also answer where no host matches: the Ingress gets a second rule, without a host. */
  readonly defaultRoute?: boolean;
  /** Hash of what the front part's image was built from, kept on its Deployment. */
  readonly sourceHash?: string;
  /** Secrets as they are in the cluster now, by name, values decoded: they are kept, never made anew. */
  readonly secrets?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Makes a new random password; 32 letters and digits when not given. */
  readonly password?: () => string;
  /** Parts that clients outside the cluster reach by address and port, besides the Ingress. */
  readonly exposed?: readonly Exposure[];
}

export interface ObjectsOptions extends Common {
  /** The image of a build, by the build's name, with tag or digest. */
  readonly imageOf: (build: string) => string;
  /**
   * Who keeps the order: `runner` (wherry writes, waits and goes on), or the `objects` themselves (pods wait in init
   * containers, so that `kubectl apply` of everything at once works).
   */
  readonly ordering: 'objects' | 'runner';
}

export interface ManifestOptions extends Common {
  /** Names every object; a DNS label of at most 40 characters. */
  readonly name: string;
  /** The app's image, with tag or digest. */
  readonly image: string;
}

/** A part's ports on every node (NodePort) or on an address of the provider's (LoadBalancer). */
export interface Exposure {
  readonly part: string;
  readonly type: 'NodePort' | 'LoadBalancer';
  /** Of the part's ports by name; all when not given. */
  readonly port?: string;
  /** Chosen by the cluster when not given; NodePort of one port only. */
  readonly nodePort?: number;
}

/** The spec of a kind that carries pods, as it is sent: the server fills in the template's metadata. */
export type PodCarrier<T extends { template: unknown }> = Omit<T, 'template'> & {
  template: { metadata: Partial<ObjectMeta>; spec: PodSpec };
};
