import type { Duplex } from 'node:stream';

export interface NetworkSettings {
  /** `10.244.0.0/16` */
  readonly podRange: string;
  /** `10.96.0.0/16` */
  readonly serviceRange: string;
  readonly clusterDomain: string;
  /** Address of the DNS service, inside serviceRange. */
  readonly dnsAddress: string;
  /** The node's own address inside the cluster's network. */
  readonly nodeAddress: string;
  /** pasta gives the cluster a way out; none keeps every packet inside. */
  readonly outbound: 'none' | 'pasta';
}

export interface PodAttachment {
  readonly podId: string;
  readonly networkNamespace: string;
  readonly hostPorts: readonly {
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
    readonly hostPort: number;
    readonly containerPort: number;
    readonly hostIp?: string;
  }[];
  /** The address the pod had before an engine restart, kept when it is free. */
  readonly wantedAddress?: string;
}

/** One port of one service, with where it leads. An empty `endpoints` refuses connections. */
export interface ServicePortRule {
  /** `namespace/name:port`, for comments in the rules. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Addresses that lead here: clusterIPs, external IPs. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly nodePort?: number;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
  /** Sticky by client address for this long. */
  readonly affinitySeconds?: number;
}

export interface DnsRecords {
  /** `name` is a full name without the final dot; answers are rotated. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly services: ReadonlyMap<string, readonly { readonly target: string; readonly port: number }[]>;
  readonly aliases: ReadonlyMap<string, string>;
  /** Address to name, for reverse questions. */
  readonly names: ReadonlyMap<string, string>;
}

export interface IngressRule {
  /** `*` and `*.example.com` as in the Ingress API; empty: any host. */
  readonly host: string;
  readonly path: string;
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backends: readonly { readonly address: string; readonly port: number }[];
  /** `namespace/name`, for logs and error pages. */
  readonly owner: string;
  /** Set: takes a part of the requests of the plain rule with the same host, path and type, and none without one. */
  readonly canary?: Canary;
}

/** Which requests a canary takes: those that the header or the cookie names, then a share of the rest. */
export interface Canary {
  readonly weightPercent: number;
  /** Lower case. The value `always` takes the request, `never` refuses it; with `headerValue` that value alone takes it. */
  readonly header?: string;
  readonly headerValue?: string;
  readonly cookie?: string;
}

export interface IngressState {
  readonly rules: readonly IngressRule[];
  /** Certificate and key by host, PEM. */
  readonly certificates: ReadonlyMap<string, { readonly certificate: string; readonly key: string }>;
}

/** A listening address on the host that leads into the cluster. */
export interface Door {
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
  /** Where it leads, inside. */
  readonly address: string;
  readonly port: number;
  /** Connections go to the ingress server itself, whatever `address` and `port` say. */
  readonly ingress?: 'http' | 'https';
}

/** The cluster's network, run from inside its namespace. Every `set` takes the whole wanted state and is atomic. */
export interface Network {
  readonly settings: NetworkSettings;
  /** Makes the node's addresses, the unreachable routes, the rules' frame; DNS answers when it resolves. Idempotent after a crash. */
  start(): Promise<void>;
  attachPod(attachment: PodAttachment): Promise<{ address: string }>;
  detachPod(podId: string): Promise<void>;
  setServices(rules: readonly ServicePortRule[]): Promise<void>;
  setDns(records: DnsRecords): void;
  setIngress(state: IngressState): void;
  /** Opens and closes doors until exactly these are open. Those that cannot be opened (port in use) are returned with why. */
  setDoors(doors: readonly Door[]): Promise<readonly { door: Door; fault: string }[]>;
  connect(host: string, port: number): Promise<Duplex>;
  stop(): Promise<void>;
}
