import type { Fact, Facts, ServiceKind } from '../project/index.ts';

/** An environment variable of a process or unit. */
export interface EnvironmentFact {
  readonly name: string;
  /** Undefined where it must stay hidden. */
  readonly value: string | undefined;
  /** Why it is hidden. */
  readonly secret: string | undefined;
  /** Of an address: `mysql+pymysql`; told also where the address is hidden. */
  readonly scheme: string | undefined;
  /** Every process of the machine has it: its first process has the same. */
  readonly machines?: true;
  /** `/proc/1234/environ`, `/etc/systemd/system/shop.service:7`. */
  readonly source: string;
}

export interface SocketFact {
  /** `0.0.0.0`, `::`, `127.0.0.1`. */
  readonly address: string;
  readonly port: number;
  readonly source: string;
}

export interface ConnectionFact {
  readonly address: string;
  readonly port: number;
  /** Told by the port. */
  readonly kind: ServiceKind | undefined;
  readonly source: string;
}

export interface OpenFile {
  readonly path: string;
  readonly mode: 'read' | 'write' | 'read and write';
  readonly deleted: boolean;
}

export interface MountFact {
  readonly path: string;
  /** `ext4`, `nfs4`. */
  readonly type: string;
  readonly from: string;
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Files of it that the process uses. */
  readonly files: readonly string[];
}

/** What /proc says of a process and those it started. */
export interface ProcessFacts {
  readonly id: number;
  readonly name: string;
  readonly executable: Fact<string>;
  /** Its file was replaced or deleted since it started. */
  readonly executableDeleted: boolean;
  /** The first is how it was called. */
  readonly arguments: readonly string[];
  readonly workingDirectory: Fact<string>;
  readonly user: Fact<string>;
  readonly userId: number;
  readonly environment: readonly EnvironmentFact[];
  readonly listening: readonly SocketFact[];
  readonly connections: readonly ConnectionFact[];
  readonly openFiles: readonly OpenFile[];
  readonly mounts: readonly MountFact[];
  readonly packages: readonly DebianPackage[];
  /** Processes that it started, and those started. */
  readonly children: readonly number[];
  /** It sees other files than this program does: a container already. */
  readonly contained: boolean;
  /** systemd's name for it: `shop.service`. */
  readonly unit: string | undefined;
}

/** What a systemd service unit says (systemd.service(5), systemd.exec(5), systemd.kill(5)). */
export interface UnitFacts {
  readonly name: string;
  /** The unit file and its drop-ins. */
  readonly paths: readonly string[];
  readonly description: Fact<string> | undefined;
  readonly type: Fact<string> | undefined;
  readonly start: readonly Fact<string>[];
  readonly startBefore: readonly Fact<string>[];
  readonly stop: readonly Fact<string>[];
  readonly user: Fact<string> | undefined;
  readonly group: Fact<string> | undefined;
  readonly workingDirectory: Fact<string> | undefined;
  readonly environment: readonly EnvironmentFact[];
  readonly restart: Fact<string> | undefined;
  /** How long it may take to stop. */
  readonly stopSeconds: Fact<number> | undefined;
  readonly killSignal: Fact<string> | undefined;
  /** Folders that it keeps data in (StateDirectory, ReadWritePaths, ...). */
  readonly writable: readonly Fact<string>[];
  /** MemoryMax, CPUQuota, LimitNOFILE and their like, as written. */
  readonly limits: readonly (Fact<string> & { readonly name: string })[];
  /** Other units that it wants or comes after: `mariadb.service`. */
  readonly needs: readonly Fact<string>[];
  /** A timer starts it: its OnCalendar. */
  readonly schedule: Fact<string> | undefined;
  /** Settings that were read and have no place in Kubernetes, and files that are not there; with place. */
  readonly notes: readonly string[];
}

/** A check of Nagios or NRPE, as a probe could make it. */
export interface CheckFact {
  /** `check_shop`, or the description of the service. */
  readonly name: string;
  /** `check_http`. */
  readonly plugin: string;
  readonly kind: 'http' | 'tcp' | 'service' | 'none';
  readonly port: number | undefined;
  readonly path: string | undefined;
  readonly tls: boolean;
  /** Text that the answer must hold. */
  readonly expects: string | undefined;
  readonly service: ServiceKind | undefined;
  readonly intervalSeconds: number | undefined;
  readonly attempts: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly source: string;
  /** Why it becomes no probe; undefined where it does. */
  readonly left: string | undefined;
}

/** What Puppet manifests declare of an app's surroundings. */
export interface PuppetFacts {
  readonly packages: readonly Fact<string>[];
  readonly files: readonly (Fact<string> & {
    readonly content: string | undefined;
    readonly from: string | undefined;
    readonly secret: string | undefined;
  })[];
  readonly services: readonly Fact<string>[];
  readonly crons: readonly (Fact<string> & { readonly schedule: string })[];
  readonly users: readonly Fact<string>[];
  /** Resources of other types, and what could not be read; with place. */
  readonly notes: readonly string[];
}

export interface Inspection {
  /** As it was asked: `:8080`. */
  readonly target: string;
  readonly process: ProcessFacts | undefined;
  readonly unit: UnitFacts | undefined;
  readonly checks: readonly CheckFact[];
  readonly puppet: PuppetFacts | undefined;
  /** The same facts as of a folder; `directory` is where the app lies. */
  readonly facts: Facts;
  /** Set where no writer of Dockerfiles knows the app: one that brings the program with its Debian packages. */
  readonly dockerfile: string | undefined;
  /** How long it may take to stop, where somebody said so. */
  readonly graceSeconds: Fact<number> | undefined;
  readonly notes: readonly string[];
}

export interface InspectOptions {
  /** Files of Nagios or NRPE. */
  readonly nagios?: readonly string[];
  /** Puppet manifests. */
  readonly puppet?: readonly string[];
  /** Folders of unit files, first found wins; systemd's own when not given. */
  readonly unitFolders?: readonly string[];
}
