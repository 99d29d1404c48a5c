/** Something that was found out, and where: `app.py:12`, `package.json:9`, `default` when nothing said otherwise. */
export interface Fact<T> {
  readonly value: T;
  readonly source: string;
}

export type Language = 'node' | 'python' | 'go' | 'java' | 'ruby' | 'php' | 'rust' | 'dotnet' | 'static';
export type ServiceKind = 'mysql' | 'postgres' | 'redis' | 'mongodb' | 'rabbitmq' | 'memcached' | 's3';
/**
 * Which part of a backing service's address a variable carries. `url` has user and password in it where the service has
 * them; `endpoint` never: `host:port`, for S3 `http://host:port`. `name` is the database, virtual host or bucket.
 */
export type AddressPart = 'host' | 'port' | 'user' | 'password' | 'name' | 'url' | 'endpoint';

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
  /** Any random value serves, though the name does not tell (`generator: secret` of app.json). */
  readonly random?: true;
  /** The app starts without it, somebody said so. */
  readonly optional?: true;
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
  /**
   * Set where this driver's address is no URL of the form `scheme://username:password@host:port/database`: the text with
   * `${username}`, `${password}`, `${host}`, `${port}`, `${database}` to be put in (JDBC, Go's MySQL, .NET).
   */
  readonly addressTemplate?: string;
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

/** A process of the app besides the one that serves: a worker, a clock. Its command is one line. */
export interface ProcessFact {
  /** As the Procfile or wherry.yaml names it: `worker`. A DNS label. */
  readonly name: string;
  readonly command: Fact<string>;
  /** How many; 1 when nothing says otherwise. */
  readonly quantity: Fact<number> | undefined;
}

/** A change of the database's shape that an old version of the app may not survive. */
export interface MigrationRisk {
  /** `drops column users.email`. */
  readonly what: string;
  readonly source: string;
}

/** How the database's shape is brought along. */
export interface MigrationFacts {
  /** `django`, `alembic`, `flyway`, `prisma`, `knex`, `typeorm`, `rails`, `sql`, ... */
  readonly tool: Fact<string>;
  /** The files, relative paths, oldest first. */
  readonly files: readonly string[];
  /** What contracts instead of expanding: drops, renames, new NOT NULL without default. */
  readonly risks: readonly MigrationRisk[];
}

/** A step of a canary: a share of the traffic, held for a time or, without one, until somebody promotes. */
export interface CanaryStep {
  readonly weightPercent: number;
  readonly holdSeconds: number | undefined;
}

/** A finding that the owner has read and lives with. */
export interface AcceptedFinding {
  /** Rule's name; `path` narrows it to one file. */
  readonly rule: string;
  readonly path: string | undefined;
  readonly reason: string;
  readonly source: string;
}

/** What the user decided in wherry.yaml; it wins over everything found. Not set: undefined. */
export interface Settings {
  readonly name?: Fact<string>;
  readonly build?: Fact<string>;
  readonly start?: Fact<string>;
  readonly migrate?: Fact<string>;
  readonly port?: Fact<number>;
  readonly seed?: Fact<string>;
  /** Image of the database. */
  readonly database?: Fact<string>;
  readonly replicas?: Fact<number>;
  readonly host?: Fact<string>;
  /** Values of plain environment variables. */
  readonly environment?: Readonly<Record<string, Fact<string>>>;
  /** Backing services that stay outside the cluster: `host`, `host:port` or an address. */
  readonly external?: Readonly<Partial<Record<ServiceKind, Fact<string>>>>;
  /**
   * Parts that clients outside the cluster reach by address and port, by name or role (`database`, `worker`): a port of
   * every node, chosen by the cluster or told, or an address of the provider's.
   */
  readonly exposed?: Readonly<Record<string, Fact<'NodePort' | 'LoadBalancer' | number>>>;
  readonly strategy?: Fact<'rolling' | 'recreate' | 'blue-green' | 'canary'>;
  readonly canary?: readonly CanaryStep[];
  /** Commands run in the new image: before anything serves, between ready and traffic, after all traffic. */
  readonly hooks?: Readonly<Partial<Record<'before' | 'between' | 'after', readonly Fact<string>[]>>>;
  /** Bounds that a release must keep; beyond them it is undone. */
  readonly gates?: { readonly errorPercentMax?: number; readonly latencyP99MsMax?: number };
  readonly accept?: readonly AcceptedFinding[];
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
  /** Files that decide what is installed, relative to `workspace` where there is one; they are copied before the rest. */
  readonly manifestFiles: readonly string[];
  /** Packages the app names, with where. */
  readonly packages: readonly Fact<string>[];
  readonly build: Fact<string> | undefined;
  /** The command that serves, as one line; undefined when the Dockerfile decides. */
  readonly start: Fact<string> | undefined;
  /** What must run once before a new version serves, in the app's own image. */
  readonly migrate: Fact<string> | undefined;
  readonly migrations: MigrationFacts | undefined;
  /** Processes besides the one that serves. */
  readonly processes: readonly ProcessFact[];
  /**
   * What the build makes that is served or run, relative to the folder: `dist` of a static site, `public` of PHP, the
   * program of a compiled language.
   */
  readonly output: Fact<string> | undefined;
  /** Files and folders that a compiled program reads while it runs, relative paths: its sources stay behind, these not. */
  readonly runTimeFiles?: readonly Fact<string>[];
  /**
   * For an app inside a monorepo whose build needs the whole of it: the folder that the image is built from, full path.
   * `directory` lies below it.
   */
  readonly workspace: Fact<string> | undefined;
  readonly settings: Settings;
  /** A script that installing would run and that only the author's own checkout needs (git hooks). */
  readonly preparing?: Fact<string>;
  /** Set when the start command or the migration needs packages of development: which one. */
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
  readonly migrate: StartFact | undefined;
  readonly migrations?: MigrationFacts | undefined;
  /** Where the app's own code applies its migrations when it starts. */
  readonly appliesMigrations?: Fact<string> | undefined;
  readonly output?: Fact<string> | undefined;
  readonly runTimeFiles?: readonly Fact<string>[];
  readonly processes?: readonly ProcessFact[];
  /** Backing services that something else than a package names: the provider of a schema, a setting of the framework. */
  readonly services?: readonly Fact<ServiceKind>[];
  readonly workspace?: Fact<string> | undefined;
  readonly preparing?: Fact<string> | undefined;
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
  /** Any random value serves. */
  readonly random?: true;
  readonly optional?: true;
}
