import { createHash } from 'node:crypto';
import type { Application, Part, PartRole } from '../model/index.ts';
import type { Manifest } from './contract.ts';

export const SOURCE_ANNOTATION = 'wherry/source-hash';
export const CONFIGURATION_ANNOTATION = 'wherry/configuration-hash';
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';
/** The part that an object belongs to. */
export const PART_LABEL = 'wherry/part';
/** Tells the front part's pods that serve from those of a new version beside them. */
export const TRACK_LABEL = 'wherry/track';
/** When a Job runs within a release. */
export const STAGE_LABEL = 'wherry/stage';
/** The set whose content a ConfigMap holds: its name changes with the content. */
export const SETTINGS_LABEL = 'wherry/settings';

const NAME_LENGTH_MAX = 63;

/** Labels of an object of the application; with a part those of what belongs to it. */
export function labelsOf(application: Application, role: PartRole, part?: Part): Record<string, string> {
  const { name } = application;
  const version = application.version
    ?.replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, NAME_LENGTH_MAX)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  const isKept = part !== undefined && 'build' in part.image && part.kind !== 'job';
  return {
    'app.kubernetes.io/name': name,
    [INSTANCE_LABEL]: name,
    [COMPONENT_LABEL]: role,
    'app.kubernetes.io/part-of': name,
    'app.kubernetes.io/managed-by': 'wherry',
    ...(version && isKept ? { 'app.kubernetes.io/version': version } : {}),
    ...(part ? { [PART_LABEL]: part.name, ...(part.stage ? { [STAGE_LABEL]: part.stage } : {}) } : {}),
  };
}

/** What selects the pods of one part; never changes, since a Deployment's selector cannot. */
export function selectorOf(application: Application, part: Part): Record<string, string> {
  return {
    'app.kubernetes.io/name': application.name,
    [INSTANCE_LABEL]: application.name,
    [PART_LABEL]: part.name,
  };
}

/** The same for what leads to the pods: of the front part those that serve. */
export function servingSelectorOf(application: Application, part: Part): Record<string, string> {
  return { ...selectorOf(application, part), ...trackOf(application, part) };
}

export function trackOf(application: Application, part: Part): Record<string, string> {
  return part.name === application.front ? { [TRACK_LABEL]: 'stable' } : {};
}

/** The first eight hex digits of a SHA-256: enough to tell versions of one app's things apart. */
export function shortHash(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 8);
}

/** A name with its content's hash behind it, short enough to be a label. */
export function hashedName(name: string, hash: string): string {
  return `${name.slice(0, NAME_LENGTH_MAX - 9).replace(/[^a-z0-9]+$/, '')}-${hash}`;
}

/** A DNS label; where the name is longer than one may be, its end is a hash. */
export function shortName(name: string): string {
  return name.length <= NAME_LENGTH_MAX ? name : hashedName(name, shortHash(name));
}

export function manifest(
  apiVersion: string,
  kind: string,
  metadata: Manifest['metadata'],
  rest: Record<string, unknown>,
): Manifest {
  return { apiVersion, kind, metadata, ...rest };
}

/** As the API keeps bytes, so that what is applied equals what is read back. */
export function encoded(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64');
}
