/** Something that was found out, and where: `app.py:12`, `package.json:9`, `default` when nothing said otherwise. */
export interface Fact<T> {
  readonly value: T;
  readonly source: string;
}

export type Language = 'node' | 'python';
export type ServiceKind = 'mysql' | 'postgres' | 'redis';
/** Which part of a backing service's address a variable carries. */
export type AddressPart = 'host' | 'port' | 'user' | 'password' | 'name' | 'url';

/** An environment variable that the code reads. */
export interface Variable {
  readonly name: string;
  /** What the code falls back to; undefined when it has no fallback. */
  readonly fallback: string | undefined;
  /** Where it is read, `file:line`, first first. */
  readonly sources: readonly string[];
  /** Why the value must stay hidden; undefined: it is plain configuration. */
  readonly secret: string | undefined;
  /** Set when the value leads to a backing service. */
  readonly service: { readonly kind: ServiceKind; readonly part: AddressPart } | undefined;
}

/** A server that the app talks to and that a cluster must bring along. */
export interface BackingService {
  readonly kind: ServiceKind;
  /** What gave it away (`package.json:18`). */
  readonly source: string;
  /** The driver's package name. */
  readonly driver: string;
  /** Scheme of a connection URL as this driver reads it: `mysql`, `mysql+pymysql`. */
  readonly scheme: string;
  /** The image to run it from, with tag. */
  readonly image: Fact<string>;
}

export type RouteRole = 'health' | 'ready' | 'version' | 'metrics';

export interface Route {
  readonly method: string;
  /** As the code writes it: `/users/:id`, `/users/<int:id>`. */
  readonly path: string;
  readonly source: string;
  readonly role: RouteRole | undefined;
}

/** What the folder's own Dockerfile says. */
export interface DockerfileFacts {
  /** Relative to the folder. */
  readonly path: string;
  readonly ports: readonly Fact<number>[];
  /** The last USER of the last stage. */
  readonly user: Fact<string> | undefined;
  readonly command: Fact<string> | undefined;
}

/** Everything that was found in an app's folder; what was not found is undefined, never guessed silently. */
export interface Facts {
  /** Full path of the folder. */
  readonly directory: string;
  /** A DNS label, fit to name objects. */
  readonly name: Fact<string>;
  readonly version: Fact<string> | undefined;
  /** Undefined when only a Dockerfile speaks for the app. */
  readonly language: Fact<Language> | undefined;
  /** `24`, `3.13`. */
  readonly languageVersion: Fact<string> | undefined;
  readonly framework: Fact<string> | undefined;
  readonly packageManager: Fact<string> | undefined;
  /** Files that decide what is installed, relative paths; they are copied before the rest. */
  readonly manifestFiles: readonly string[];
  /** Packages the app names, with where. */
  readonly packages: readonly Fact<string>[];
  readonly build: Fact<string> | undefined;
  /** The command that serves, as one line; undefined when the Dockerfile decides. */
  readonly start: Fact<string> | undefined;
  /** What must run once before a new version serves, in the app's own image. */
  readonly migrate: Fact<string> | undefined;
  /** Set when the start command needs packages of development: which one. */
  readonly startNeedsDevelopment: Fact<string> | undefined;
  readonly port: Fact<number>;
  /** The variable that the app takes its port from. */
  readonly portVariable: Fact<string> | undefined;
  readonly variables: readonly Variable[];
  readonly services: readonly BackingService[];
  /** Path of the SQL file that prepares the database, relative to the folder. */
  readonly seed: Fact<string> | undefined;
  readonly routes: readonly Route[];
  /** Packages that compile native code when installed. */
  readonly native: readonly Fact<string>[];
  readonly dockerfile: DockerfileFacts | undefined;
  /** What could not be decided or looks wrong, one line each, with place. */
  readonly notes: readonly string[];
}

/** What one language finds out; the rest is the same for all. */
export interface LanguageFacts {
  readonly name: Fact<string> | undefined;
  readonly version: Fact<string> | undefined;
  readonly languageVersion: Fact<string>;
  readonly framework: Fact<string> | undefined;
  readonly packageManager: Fact<string>;
  readonly manifestFiles: readonly string[];
  readonly packages: readonly Fact<string>[];
  readonly build: Fact<string> | undefined;
  /**
   * Looked for only when nothing else decides the start; undefined when nothing starts it.
   * @throws UserError when several candidates are as good.
   */
  readonly start: (port: number) => StartFact | undefined;
  readonly migrate: Fact<string> | undefined;
  readonly variables: readonly FoundVariable[];
  readonly routes: readonly Route[];
  /** The code that serves, comments blanked out. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
  readonly native: readonly Fact<string>[];
  /** The port written in the code or the framework's own. */
  readonly port: Fact<number> | undefined;
  readonly notes: readonly string[];
}

export interface StartFact extends Fact<string> {
  /** The package of development that the command needs. */
  readonly needsDevelopment?: Fact<string>;
}

/** A reading of a variable, before several are put together. */
export interface FoundVariable {
  readonly name: string;
  readonly fallback: string | undefined;
  readonly source: string;
}
