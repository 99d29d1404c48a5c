import type { Manifest } from '../manifests/index.ts';
import type { SecretValue } from '../model/index.ts';

/** A file as it is to be. */
export interface OutputFile {
  /** Relative to the app's folder, with `/`. */
  readonly path: string;
  readonly text: string;
  /** File mode; 0o644 when not given. */
  readonly mode?: number;
  /**
   * `marked`, when not given: the text carries the mark that tells whether somebody changed it. `once`: written when it is not
   * there and never looked at again. `copy`: of a file of the app's, to the byte, so without a mark; where it differs, that is
   * told. `section`: a part of a file, between marks.
   */
  readonly kind?: 'marked' | 'once' | 'copy' | 'section';
}

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export const PIPELINES = ['github', 'gitlab', 'travis'] as const;
export type Pipeline = (typeof PIPELINES)[number];

export interface FilesOptions {
  /** Full path of the folder that the files are for; that of the facts, or of the first build, when not given. */
  readonly directory?: string;
  /** A Helm chart in the place of the kustomization. */
  readonly helm?: boolean;
  /** Host of production; staging is `staging.` before it. The application's wish, else `NAME.example.com`, when not given. */
  readonly host?: string;
  /** Where images are pushed to: `registry.example.com/team`. */
  readonly registry?: string;
  /** All three when not given. */
  readonly pipelines?: readonly Pipeline[];
  /** `Makefile` when not given; another name where the app has a Makefile of its own. */
  readonly makefile?: string;
  /** A compose file of the app's own; wherry then writes none. */
  readonly composeFile?: string;
  /** Passwords of the compose file; `.env` when not given. */
  readonly environmentFile?: string;
  /** Whether git leaves that file out, so that it may be made with passwords. */
  readonly environmentIsIgnored?: boolean;
  /** Makes a new random password; 32 letters and digits when not given. */
  readonly password?: () => string;
}

/** What the files are made from. */
export interface FilePlan {
  readonly name: string;
  /** Without namespace, without Namespaces and Secrets; plain settings under their own names. */
  readonly objects: readonly Manifest[];
  readonly settings: readonly SettingFiles[];
  readonly secrets: readonly SecretFiles[];
  /** The app's own, fit to be a tag; undefined when nobody says it. */
  readonly version: string | undefined;
  readonly builds: readonly BuildPlan[];
  /** What is kept running from the app's own images. */
  readonly workloads: readonly Workload[];
  /** The one that serves. */
  readonly front: Workload | undefined;
  /** Of the objects as they are. */
  readonly host: string;
  readonly hosts: Readonly<Record<Environment, string>>;
  readonly smokePaths: readonly string[];
  readonly pipelines: readonly Pipeline[];
  readonly makefile: string;
  readonly helm: boolean;
  readonly composeFile: string;
  readonly environmentFile: string | undefined;
  readonly password: () => string;
}

/** A ConfigMap that kustomize makes from files, so that a change of it rolls its pods. */
export interface SettingFiles {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly (readonly [key: string, value: string])[];
  readonly files: readonly (readonly [key: string, value: string])[];
}

/** A Secret, its values as lines of an env file, and those that a line cannot hold. */
export interface SecretFiles {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly (readonly [key: string, value: SecretValue])[];
  readonly files: readonly (readonly [key: string, value: string])[];
  /** Keys that only their owner has and that the app starts without. */
  readonly owned: readonly string[];
}

export interface BuildPlan {
  readonly name: string;
  /** Without tag, as the objects name it. */
  readonly image: string;
  /** Relative to the app's folder. */
  readonly context: string;
  readonly dockerfile: string;
}

export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly name: string;
  readonly container: string;
  readonly replicas: number;
  /** Its data allows no second. */
  readonly single: boolean;
}

/** What writing a file would do. */
export interface PlannedFile {
  readonly path: string;
  readonly action:
    | 'create'
    /** Written by wherry and unchanged since, and now different. */
    | 'update'
    | 'unchanged'
    /** Somebody changed it, or it is not wherry's: left alone. */
    | 'keep'
    /** Left alone otherwise, and named by --force. */
    | 'overwrite';
  /** Why it is kept. */
  readonly why: string | undefined;
  /** From what is there to what would be; empty when they are equal. */
  readonly diff: string;
  /** The whole text to write. */
  readonly text: string;
  readonly mode: number;
}
