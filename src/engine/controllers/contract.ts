import type { LoopContext } from '../client/index.ts';
import type { CertificateSigningRequest, Kind, KubeObject } from '../kinds/index.ts';

/** What the controllers need to know beyond the API. */
export interface ControllerSettings {
  /** PEM of the cluster's certificate authority, handed to pods in the ConfigMap kube-root-ca.crt. */
  readonly rootCa: string;
  /** Where the default provisioner makes its volumes, on this machine. */
  readonly volumesDirectory: string;
  /** The node whose disk volumesDirectory is on. */
  readonly nodeName: string;
  readonly clusterDomain: string;
  /** Every kind that is served now and can be listed and deleted; called again whenever it matters. */
  catalogueKinds(): readonly Kind[];
  /**
   * Tells every object of every kind, those already there first, then each change in order; answers the way to take it
   * back. Without it the garbage collector keeps one informer a kind.
   */
  watchAll?(handler: (now: KubeObject | undefined, before: KubeObject | undefined) => void): () => void;
  /** A token without expiry for Secrets of type kubernetes.io/service-account-token; without it they stay empty. */
  issueToken?(account: {
    namespace: string;
    name: string;
    uid: string;
    secretName: string;
    secretUid: string;
  }): Promise<string>;
  /** The PEM chain for an approved request; without it requests stay unsigned. */
  signCertificate?(request: CertificateSigningRequest): Promise<string>;
}

export interface ControllerContext extends LoopContext {
  readonly settings: ControllerSettings;
}
