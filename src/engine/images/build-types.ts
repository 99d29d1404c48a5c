import type { PullOptions } from './contract.ts';
import type { Dockerfile, Instruction } from './dockerfile.ts';
import type { Layer } from './layers.ts';
import type { ContainerConfig, HistoryEntry } from './oci.ts';
import type { LocalImageStore } from './store.ts';

export type Secret = { readonly path: string } | { readonly text: string };

export interface BuildOptions {
  readonly store: LocalImageStore;
  /** What COPY and ADD take from. */
  readonly contextDirectory: string;
  /** A path (relative: below the context), or the text itself; `Dockerfile` when not given. */
  readonly dockerfile?: { readonly path: string } | { readonly text: string; readonly name?: string };
  /** Name of the image; none: it is reachable by its id only. */
  readonly tag?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Stage to stop at; the last one when not given. */
  readonly target?: string;
  /** Network of the RUN steps; the host's when not given. */
  readonly network?: 'host' | 'none';
  readonly noCache?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** By id, for `RUN --mount=type=secret`. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly credentials?: PullOptions['credentials'];
  /** One plain line for each thing done, and each line that a RUN step prints. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A stage while it is built. */
export interface StageState {
  readonly name: string;
  layers: Layer[];
  config: ContainerConfig;
  history: HistoryEntry[];
  /** Time of the newest layer, so that building the same again gives the same image. */
  createdAt: string;
  /** ARG names declared so far; undefined: declared without a value. */
  readonly args: Map<string, string | undefined>;
}

/** One build under way. */
export interface Build {
  readonly options: BuildOptions;
  readonly dockerfile: Dockerfile;
  /** Values of the ARG instructions before the first FROM, and the automatic ones. */
  readonly globals: ReadonlyMap<string, string | undefined>;
  readonly now: string;
  readonly tell: (line: string) => void;
  /** Another stage (by name or number), or an image, as a source of files. */
  source(reference: string, line: number): Promise<{ layers: readonly Layer[]; label: string }>;
}

/** One instruction being carried out. */
export interface Step {
  readonly build: Build;
  readonly stage: StageState;
  readonly instruction: Instruction;
}
