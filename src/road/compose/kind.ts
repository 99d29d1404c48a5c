import type { PartKind } from '../model/index.ts';
import type { ComposeMap, ComposeProject } from './contract.ts';
import type { Waiter } from './draft.ts';
import { type KnownImage, knownImage } from './known-images.ts';
import { childOf, flagOf, isNothing, itemsOf, textOf, textsOf } from './value.ts';
import { countOf, mountsOf, type VolumeUse } from './volume-uses.ts';

export interface Decision {
  readonly kind: PartKind;
  readonly why: string;
  /** Nobody said it in so many words. */
  readonly decided: boolean;
}

const TASK =
  /(?:^|[-_./\s])(?:migrat\w*|seed\w*|init(?:ialize|db)?|set-?up|bootstrap|import|fixtures?|loaddata|create-?(?:bucket|topic|user|db|database)\w*|provision|backup|one-?shot|job|task)(?:[-_./\s:]|$)/i;

/** What runs a service, and why. */
export function kindOf(
  name: string,
  service: ComposeMap,
  project: ComposeProject,
  waiters: readonly Waiter[],
  uses: ReadonlyMap<string, readonly VolumeUse[]>,
): Decision {
  const mode = textOf(childOf(service, 'deploy', 'mode'));
  if (mode === 'global') return { kind: 'daemonset', why: 'deploy.mode is global: one on each node', decided: false };
  if (mode === 'replicated-job' || mode === 'global-job') {
    return { kind: 'job', why: `deploy.mode is ${mode}`, decided: false };
  }
  const waiter = waiters.find(({ condition }) => condition === 'service_completed_successfully');
  if (waiter) return { kind: 'job', why: `${waiter.service} waits until it has completed`, decided: false };
  const task = taskReason(name, service, waiters);
  if (task !== undefined) return { kind: 'job', why: task, decided: true };
  const data = ownData(name, service, project, uses);
  if (data !== undefined) return { kind: 'statefulset', why: data, decided: true };
  return { kind: 'deployment', why: 'kept running', decided: false };
}

function taskReason(name: string, service: ComposeMap, waiters: readonly Waiter[]): string | undefined {
  const restart = textOf(service.entries.get('restart'));
  const condition = textOf(childOf(service, 'deploy', 'restart_policy', 'condition'));
  const ends =
    restart === 'no' ||
    restart === 'false' ||
    restart?.startsWith('on-failure') ||
    condition === 'none' ||
    condition === 'on-failure';
  if (!ends || waiters.length > 0) return undefined;
  const serves = ['ports', 'expose', 'healthcheck'].some((key) => !isNothing(service.entries.get(key)));
  if (serves) return undefined;
  const command = wordsIn(service, 'command') || wordsIn(service, 'entrypoint');
  const match = TASK.exec(` ${name} `) ?? TASK.exec(` ${command} `);
  if (!match) return undefined;
  const policy = restart === undefined ? `restart_policy ${condition}` : `restart: "${restart}"`;
  return `${policy}, no port, and "${match[0].trim()}" says that it ends`;
}

function wordsIn(service: ComposeMap, key: string): string {
  const value = service.entries.get(key);
  return textOf(value) ?? textsOf(value).join(' ');
}

/**
 * A claim of its own belongs to a StatefulSet. What is built here and serves stays a Deployment, so that it can be rolled
 * without a gap and released by any strategy; its volume is then one that pods share.
 */
function ownData(
  name: string,
  service: ComposeMap,
  project: ComposeProject,
  uses: ReadonlyMap<string, readonly VolumeUse[]>,
): string | undefined {
  if ((countOf(service) ?? 1) > 1 || !isNothing(service.entries.get('build'))) return undefined;
  const known = knownImage(textOf(service.entries.get('image')));
  if (known?.web && known.data === undefined && itemsOf(service.entries.get('ports')).length > 0) return undefined;
  for (const mount of mountsOf(service)) {
    if (isDataBind(mount.type, mount.target, known)) return `${mount.target} holds its data`;
    if (mount.type !== 'volume' || mount.readOnly || mount.subpath !== undefined) continue;
    if (mount.source === undefined) {
      if (mount.target === known?.data) return `${mount.target} holds its data`;
      continue;
    }
    const volume = childOf(project.root, 'volumes', mount.source);
    const external = childOf(volume, 'external');
    const isExternal = external !== undefined && (external.is === 'map' || flagOf(external) === true);
    const inMemory = textOf(childOf(volume, 'driver_opts', 'type')) === 'tmpfs';
    const own = (uses.get(mount.source) ?? []).every((use) => use.service === name);
    if (own && !isExternal && !inMemory) return `its volume ${mount.source} is its own`;
  }
  return undefined;
}

/** A folder of the laptop that a database keeps its files in. */
export function isDataBind(type: string, target: string, known: KnownImage | undefined): boolean {
  return type === 'bind' && known?.data !== undefined && (target === known.data || target.startsWith(`${known.data}/`));
}
