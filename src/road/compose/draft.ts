import type { Container, PodSpec, Probe } from '../../engine/kinds/index.ts';
import type { Build, EnvironmentVariable, Mount, Need, Part, PartKind, PartRole, Port } from '../model/index.ts';
import type { ComposeMap, ComposeProject, ComposeValue } from './contract.ts';
import type { KnownImage } from './known-images.ts';
import type { Path } from './path.ts';
import type { Report } from './report.ts';
import type { Sets } from './sets.ts';
import type { VolumeUse } from './volume-uses.ts';
import type { Volumes } from './volumes-of.ts';

/** What all services of a project share while they are read. */
export interface Whole {
  readonly project: ComposeProject;
  readonly report: Report;
  readonly sets: Sets;
  readonly volumes: Volumes;
  readonly builds: Build[];
  /** Name of the part of each service that runs. */
  readonly parts: ReadonlyMap<string, string>;
  readonly volumeUses: ReadonlyMap<string, readonly VolumeUse[]>;
  /** By service: how others wait for it. */
  readonly waiters: ReadonlyMap<string, readonly Waiter[]>;
  /** Parts that come from a key of a service, such as pre_start. */
  readonly extraParts: Part[];
  /** By build: the name that compose gives its image. */
  readonly imageNames: Map<string, string>;
  /** Further names of parts, asked for by others. */
  readonly aliases: { part: string; alias: string }[];
}

export interface Waiter {
  readonly service: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly at: ComposeValue['at'];
}

/** A part while its keys are read, one after the other. */
export interface Draft {
  /** As compose names it. */
  readonly service: string;
  /** As Kubernetes names it. */
  readonly name: string;
  readonly map: ComposeMap;
  /** `services`, name. */
  readonly path: Path;
  readonly whole: Whole;
  readonly report: Report;
  readonly known: KnownImage | undefined;
  readonly kind: PartKind;
  role: PartRole;
  stage: Part['stage'];
  image: Part['image'];
  command: string[] | undefined;
  arguments: string[] | undefined;
  workingDirectory: string | undefined;
  readonly environment: Map<string, EnvironmentVariable>;
  readonly ports: Port[];
  readonly aliases: Set<string>;
  probes: { startup?: Probe; readiness?: Probe; liveness?: Probe };
  /** Set when compose turned the check off. */
  noProbes: boolean;
  readonly mounts: Mount[];
  readonly needs: Need[];
  replicas: number | undefined;
  readonly limits: Record<string, string>;
  readonly requests: Record<string, string>;
  user: { userId: number; groupId?: number } | undefined;
  gracePeriodSeconds: number | undefined;
  single: boolean;
  readonly container: Partial<Container>;
  readonly pod: Partial<PodSpec>;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  /** Ports that the laptop published, as they came. */
  readonly published: PublishedPort[];
  /** Where the laptop's source code would have been laid over the image's. */
  readonly sourceFolders: string[];
}

export interface PublishedPort {
  readonly port: Port;
  readonly path: Path;
  readonly at: ComposeValue['at'];
  /** Said by app_protocol. */
  readonly protocolName: string | undefined;
}

/** Reads one key. What it finds goes into the draft, what became of it into the report. */
export type Handler = (value: ComposeValue, path: Path, draft: Draft) => void;

export function securityOf(draft: Draft): NonNullable<Container['securityContext']> {
  draft.container.securityContext ??= {};
  return draft.container.securityContext;
}

export function podSecurityOf(draft: Draft): NonNullable<PodSpec['securityContext']> {
  draft.pod.securityContext ??= {};
  return draft.pod.securityContext;
}
