/** A file that values come from. */
export interface ComposeFile {
  /** As errors and reports show it: relative to the project's folder. */
  readonly name: string;
  /** Full path of the folder that relative paths in it lead from. */
  readonly directory: string;
  /** What its variables are filled in from. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Position {
  readonly file: ComposeFile;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/**
 * What a compose file says, variables filled in, every value with its place. `directive` is the tag `!reset` or
 * `!override` of a file that is laid over another.
 */
export type ComposeValue = ComposeScalar | ComposeList | ComposeMap;

export interface ComposeScalar {
  readonly is: 'scalar';
  readonly value: string | number | boolean | null;
  /** The value as compose hands it on as a string; empty for null. */
  readonly text: string;
  /** Where it differs from `text`: as it is written (`1.10` is the number 1.1). */
  readonly written?: string;
  /** Variables in it that nothing sets. */
  readonly unset: readonly string[];
  readonly at: Position;
  readonly directive?: Directive;
}

export interface ComposeList {
  readonly is: 'list';
  readonly items: readonly ComposeValue[];
  readonly at: Position;
  readonly directive?: Directive;
}

export interface ComposeMap {
  readonly is: 'map';
  readonly entries: ReadonlyMap<string, ComposeValue>;
  readonly at: Position;
  readonly directive?: Directive;
}

export type Directive = 'reset' | 'override';

export interface ComposeOptions {
  /** Relative paths lead from here; the folder of the first file when not given, else the working folder. */
  readonly projectDirectory?: string;
  /** Profiles that are on; `*` means all. With those that COMPOSE_PROFILES names when none is given. */
  readonly profiles?: readonly string[];
  /** Values for `${VARIABLE}`; wins over every file. Its COMPOSE_* variables have the meaning that compose gives them. */
  readonly environment: Readonly<Record<string, string>>;
  /** In place of the project's `.env`; later ones win. */
  readonly envFiles?: readonly string[];
  /** Wins over the file's own `name`. */
  readonly name?: string;
}

/** All files of a project as one: merged, extended, included; short forms that have a long one written out. */
export interface ComposeProject {
  /** A DNS label of at most 40 characters. */
  readonly name: string;
  /** Full path. */
  readonly directory: string;
  /** As named in `source`s, in the order read. */
  readonly files: readonly string[];
  readonly root: ComposeMap;
  /** Those that run, in the order of the files. */
  readonly services: ReadonlyMap<string, ComposeMap>;
  /** Those whose profiles are all off. */
  readonly disabled: ReadonlyMap<string, ComposeMap>;
  readonly environment: Readonly<Record<string, string>>;
  /** What became of `include`, `extends` and the like, which are no longer to be seen in `root`. */
  readonly report: readonly ReportLine[];
}

/**
 * What became of one key of the compose file, and of all below it of which no other line speaks. The line of a service,
 * volume or network says what it is as a whole. A key may have several lines; those about the files have `(files)`.
 */
export interface ReportLine {
  /** `services.web.logging.driver`, `services.web.ports[0]`; names with dots in quotes. */
  readonly key: string;
  /** `compose.yaml:14`. */
  readonly source: string;
  readonly outcome: /** It means the same on Kubernetes. */
    | 'mapped'
    /** It is kept, but something about it is different, or was decided for it. */
    | 'changed'
    /** It has no effect. */
    | 'dropped';
  /** What it became; for what was dropped the reason. */
  readonly what: string;
  /** What to do, where something can be done. */
  readonly todo?: string;
}
