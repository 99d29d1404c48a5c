import type { PullOptions } from './contract.ts';
import type { ConfigFile } from './oci.ts';
import type { LocalImageStore } from './store.ts';

export interface StandInRequest {
  readonly store: LocalImageStore;
  /** As the user knows it: `node:22`. */
  readonly name: string;
  readonly tag: string;
  /** An empty directory of the store's file system; removed afterwards. */
  readonly scratch: string;
  readonly options: PullOptions;
}

/** Makes the layers and the configuration; `note` ends the sentence `node:22 assembled from …`. */
export type StandIn = (request: StandInRequest) => Promise<{ config: ConfigFile; note: string }>;
