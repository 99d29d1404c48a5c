import type { Clock } from '../../base/index.ts';
import type { HttpClient, HttpClientOptions } from '../../engine/client/index.ts';

/** Where is saved from or restored to. */
export interface BackupPlace {
  readonly client: HttpClient;
  /** For programs in helper pods. */
  readonly connection: HttpClientOptions;
  readonly namespace: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One line a thing that is begun or done. */
  readonly onLine: (line: string) => void;
  /** Image of the helper pods: any with sh, tar and find; `busybox:1.37` when not given. */
  readonly image?: string;
}

/** An object as it is saved: without what a server fills in. */
export interface SavedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The content of a claim: a tar stream in pieces. */
export interface SavedVolume {
  readonly claim: string;
  readonly pieces: number;
  readonly bytes: number;
  /** Over the whole stream, hex. */
  readonly sha256: string;
}

/** What a backup holds; its last entry, so that one without it was cut off. */
export interface BackupIndex {
  readonly version: 1;
  /** Unlike every other backup's: a restore that is run again knows what it brought. */
  readonly id: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly app: string | undefined;
  readonly namespace: string;
  /** Resource (plural) by `apiVersion kind`. */
  readonly resources: Readonly<Record<string, string>>;
  /** In the order to be applied. */
  readonly objects: readonly SavedObject[];
  readonly volumes: readonly SavedVolume[];
  /** Names of Jobs that had completed. */
  readonly completedJobs: readonly string[];
  readonly notes: readonly string[];
}
