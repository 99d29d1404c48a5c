import type { AcceptedFinding, Facts, Folder } from '../project/index.ts';

export type Severity = 'error' | 'warning' | 'note';

/** The twelve factors, the three that came after, and what is said of Kubernetes objects by other rooms. */
export type Factor =
  | 'codebase'
  | 'dependencies'
  | 'config'
  | 'backing-services'
  | 'build-release-run'
  | 'processes'
  | 'port-binding'
  | 'concurrency'
  | 'disposability'
  | 'dev-prod-parity'
  | 'logs'
  | 'admin-processes'
  | 'api-first'
  | 'telemetry'
  | 'authentication'
  | 'manifests';

/** The three moments that show whether an app bears Kubernetes. */
export type Moment = 'two-replicas' | 'restart' | 'rollback';

/** A change of one file as data; offsets count UTF-16 units of the text that was read. */
export interface Edit {
  readonly path: string;
  readonly at: number;
  /** What must stand there now; the edit is left out when it does not. */
  readonly remove: string;
  readonly insert: string;
}

/** What a rule's reader saw. */
export interface Hit {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** The exact text to write or the command to run. */
  readonly fix: string;
  /** Set when this place is graver or lighter than the rule. */
  readonly severity?: Severity;
  /** Set where a machine may make the change. */
  readonly edits?: readonly Edit[];
}

export interface Rule {
  /** Unique: `password-in-code`. */
  readonly id: string;
  readonly factor: Factor;
  readonly severity: Severity;
  /** One line, for lists of rules. */
  readonly title: string;
  /** Why it matters on Kubernetes. */
  readonly why: string;
  /** What goes wrong at which moment, as a sentence without its full stop. */
  readonly breaks?: Readonly<Partial<Record<Moment, string>>>;
  readonly read: (app: Subject) => Iterable<Hit>;
}

export interface Finding {
  readonly rule: string;
  /** The rule in a few words. */
  readonly title: string;
  readonly factor: Factor;
  readonly severity: Severity;
  /** Relative to the folder. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  readonly fixable: boolean;
  readonly edits?: readonly Edit[];
  readonly breaks?: Readonly<Partial<Record<Moment, string>>>;
}

export interface AcceptedReport {
  readonly finding: Finding;
  readonly reason: string;
  /** Where it was accepted: `wherry.yaml:7`. */
  readonly source: string;
}

export interface AuditReport {
  /** By factor, then gravest first, then file and line. */
  readonly findings: readonly Finding[];
  readonly accepted: readonly AcceptedReport[];
  /** Acceptances that match nothing (any more). */
  readonly unused: readonly AcceptedFinding[];
  readonly summary: Summary;
}

export interface Summary {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly accepted: number;
  readonly fixable: number;
  /** Sentences, each naming its findings; empty when nothing found breaks then. */
  readonly breaks: Readonly<Record<Moment, readonly string[]>>;
}

export interface AuditOptions {
  /** Findings of other readers of the same folder; they can be accepted like the audit's own. */
  readonly more?: readonly Finding[];
  /** Files under version control, relative to the folder; asked of git when not given. */
  readonly tracked?: ReadonlySet<string>;
}

export type Dialect = 'node' | 'python' | 'go' | 'java' | 'ruby' | 'php' | 'rust' | 'dotnet';

/** A file with its text and the same text with comments blanked out, positions unchanged. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

export interface Source extends TextFile {
  readonly dialect: Dialect;
}

/** A line that starts the app, or is run on its way there. */
export interface StartLine {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

export interface Instruction {
  /** Upper case: `FROM`. */
  readonly keyword: string;
  /** What follows, as written, joined to one line. */
  readonly text: string;
  readonly line: number;
  /** From 0. */
  readonly stage: number;
  /** Offsets in the file's text. */
  readonly start: number;
  readonly end: number;
}

export interface Dockerfile {
  readonly path: string;
  readonly text: string;
  readonly instructions: readonly Instruction[];
  readonly lastStage: number;
}

/** What the rules read. */
export interface Subject {
  readonly facts: Facts;
  readonly folder: Folder;
  /** The code that serves: no tests, no examples, nothing a browser runs. */
  readonly sources: readonly Source[];
  /** Every text of the app's own, code and settings; no tests, lockfiles or pictures. */
  readonly texts: readonly TextFile[];
  readonly dockerfiles: readonly Dockerfile[];
  readonly startLines: readonly StartLine[];
  /** Files under version control; undefined where git cannot say. */
  readonly tracked: ReadonlySet<string> | undefined;
  /** Whether a manifest (package.json, pom.xml, Gemfile, ...) names something. */
  uses(pattern: RegExp): boolean;
  /** Whether the code that serves has it, comments aside. */
  codeHas(pattern: RegExp): boolean;
  /** Whether a server of the web is in the code. */
  readonly serves: boolean;
}
