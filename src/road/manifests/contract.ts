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

export interface ManifestOptions {
  /** Names every object; a DNS label of at most 40 characters. */
  readonly name: string;
  readonly namespace: string;
  /** The app's image, with tag or digest. */
  readonly image: string;
  /** 2 when not given. */
  readonly replicas?: number;
  /** Host of the Ingress; without one there is no Ingress. */
  readonly host?: string;
  /** Also answer where no host matches: the Ingress gets a second rule, without a host. */
  readonly defaultRoute?: boolean;
  /** Hash of what the image was built from, kept on the Deployment. */
  readonly sourceHash?: string;
  /** Secrets as they are in the cluster now, by name, values decoded: they are kept, never made anew. */
  readonly secrets?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Makes a new random password; 24 letters and digits when not given. */
  readonly password?: () => string;
}

/** The spec of a kind that carries pods, as it is sent: the server fills in the template's metadata. */
export type PodCarrier<T extends { template: unknown }> = Omit<T, 'template'> & {
  template: { metadata: Partial<ObjectMeta>; spec: PodSpec };
};
