/** The part of an OCI image configuration that running a container needs. */
export interface ImageConfig {
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** `user`, `uid`, `user:group`, `uid:gid`; empty: root. */
  readonly user: string;
  /** `8080/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | undefined;
  readonly healthcheck:
    | {
        readonly test: readonly string[];
        readonly intervalNs?: number;
        readonly timeoutNs?: number;
        readonly retries?: number;
      }
    | undefined;
}

export interface Image {
  /** Digest of the configuration: the image's id. */
  readonly id: string;
  /** Digest of the manifest. */
  readonly digest: string;
  /** Full names with tag, normalised as the reference grammar says, that point at it. */
  readonly names: readonly string[];
  readonly config: ImageConfig;
  /** Directories of the unpacked layers in overlayfs' own format, lowest first; ready to be mounted. */
  readonly layerDirectories: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: string;
  /** Set when the image was assembled from Debian packages in place of the named one: what was done, in one line. */
  readonly standIn: string | undefined;
}

export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
}

export interface PullOptions {
  /** As imagePullPolicy. */
  policy: 'Always' | 'IfNotPresent' | 'Never';
  credentials?: (registry: string) => RegistryCredentials | undefined;
  /** One plain line for each thing done (`layer 3 of 5: 12 MB`). */
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * The images of this machine, shared by its clusters and by builds: one directory of blobs, unpacked layers and names.
 * Several processes may use one store at once; every change is atomic.
 */
export interface ImageStore {
  /** Local, then the registry the reference names, then a stand-in. @throws PullError with what was tried. */
  ensure(reference: string, options: PullOptions): Promise<Image>;
  get(reference: string): Promise<Image | undefined>;
  list(): Promise<readonly Image[]>;
  tag(reference: string, name: string): Promise<void>;
  remove(reference: string): Promise<void>;
  /** Bytes of what the store holds. */
  sizeBytes(): Promise<number>;
}

/** Why an image could not be had; `reason` is the kubelet's word for it. */
export class PullError extends Error {
  override readonly name = 'PullError';
  readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'ErrImageNeverPull' | 'RegistryUnavailable';

  constructor(reason: PullError['reason'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
