import { existsSync, statSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { beginsInside, SIZE } from './claim.ts';
import type { Draft } from './draft.ts';
import { isDataBind } from './kind.ts';
import { configKey } from './names.ts';
import type { Path } from './path.ts';
import { whyHiddenFile } from './secret-looking.ts';
import type { Reason } from './shape.ts';
import { filesBelow, type SmallFile } from './small-files.ts';
import { childOf, isNothing, sourceOf, textOf } from './value.ts';
import { countOf, mountsOf, type VolumeMount } from './volume-uses.ts';
import { mountName } from './volumes.ts';

const SYSTEM: readonly (readonly [RegExp, Reason])[] = [
  [
    /^(?:\/var)?\/run\/(?:docker|podman|containerd)(?:\/|\.sock)|docker\.sock$/,
    {
      reason: 'a pod has no Docker daemon',
      todo: 'What calls Docker must be written for the Kubernetes API; a proxy such as Traefik has a provider for it.',
    },
  ],
  [
    /^\/etc\/(?:localtime|timezone)$/,
    {
      reason: "a node's clock settings are not mounted",
      todo: 'Set the time zone in the environment: TZ=Europe/Berlin',
    },
  ],
  [
    /^(?:\/|\/(?:proc|sys|dev|run|boot|lib|lib64|usr|bin|sbin|var|etc|tmp)(?:\/.*)?)$/,
    {
      reason: 'it belongs to the machine; a pod may run on any node',
      todo: 'If it must see its node (monitoring), write a DaemonSet with hostPath by hand.',
    },
  ],
];
const SOURCE_SIGNS = [
  'package.json',
  'requirements.txt',
  'pyproject.toml',
  'go.mod',
  'Gemfile',
  'composer.json',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'Dockerfile',
  'manage.py',
  'tsconfig.json',
  '.git',
];
const FILES_MAX = 64;

/** A file or folder of the laptop: settings go along, source code and the machine's own files do not. */
export function bind(mount: VolumeMount, place: Path, draft: Draft): void {
  const { report, known } = draft;
  const { at } = mount.value;
  const path = fullPath(mount, draft);
  if (path === undefined || /^[A-Za-z]:[\\/]|^\\\\/.test(mount.source ?? '')) {
    report.dropped(place, at, {
      reason: 'it is a path of Windows',
      todo: 'Write it from the folder of the compose file: ./...',
    });
    return;
  }
  const inProject = !relative(draft.whole.project.directory, path).startsWith('..');
  const system = inProject ? undefined : SYSTEM.find(([pattern]) => pattern.test(path));
  if (system) {
    report.dropped(place, at, system[1]);
    return;
  }
  if (isDataBind('bind', mount.target, known)) {
    ownData(mount, place, draft, path);
    return;
  }
  if (!existsSync(path)) {
    missing(mount, place, draft, path);
    return;
  }
  if (statSync(path).isFile()) {
    oneFile(mount, place, draft, path);
    return;
  }
  if (isSource(path, draft)) {
    draft.sourceFolders.push(mount.target);
    report.dropped(place, at, {
      reason: 'it lays the source code of the laptop over the image',
      todo: 'The image must hold the code (COPY); wherry dev carries saved files into the cluster.',
    });
    return;
  }
  folder(mount, place, draft, path);
}

function fullPath(mount: VolumeMount, draft: Draft): string | undefined {
  const { source } = mount;
  if (source === undefined || source.startsWith('\\\\')) return undefined;
  const { directory, environment } = mount.value.at.file;
  if (source === '~' || source.startsWith('~/')) {
    const home = environment.HOME ?? draft.whole.project.environment.HOME;
    return home === undefined ? undefined : resolve(home, source.slice(2));
  }
  return resolve(directory, source);
}

function shown(path: string, draft: Draft): string {
  const fromProject = relative(draft.whole.project.directory, path);
  return fromProject.startsWith('..') ? path : `./${fromProject}`;
}

function ownData(mount: VolumeMount, place: Path, draft: Draft, path: string): void {
  const name = mountName(draft, 'data');
  if (draft.kind === 'statefulset') draft.mounts.push({ path: mount.target, from: { is: 'own', name, size: SIZE } });
  else {
    const volume = volumeFor(path, mount, draft);
    draft.mounts.push({ path: mount.target, from: { is: 'volume', volume } });
  }
  draft.report.changed(
    place,
    mount.value.at,
    `a claim of ${SIZE} that begins empty: what ${shown(path, draft)} holds stays on this machine`,
    'Bring the data along by a dump: wherry exec, or a seed.',
  );
  beginsInside(mount, draft, place);
}

/** The volume that stands for a folder of the laptop, for all who mount it. */
function volumeFor(path: string, mount: VolumeMount, draft: Draft): string {
  const { project, volumes } = draft.whole;
  const users = [...project.services.values()].filter((service) =>
    mountsOf(service).some(
      ({ type, source, value }) =>
        type === 'bind' && source !== undefined && resolve(value.at.file.directory, source) === path,
    ),
  ).length;
  const several = users > 1 || (countOf(draft.map) ?? 1) > 1 || draft.kind === 'daemonset';
  return volumes.named(path, basename(path), several ? 2 : 1, undefined, SIZE, mount.value.at);
}

function missing(mount: VolumeMount, place: Path, draft: Draft, path: string): void {
  const looksLikeFile = /\.[A-Za-z0-9]+$/.test(basename(path)) && /\.[A-Za-z0-9]+$/.test(basename(mount.target));
  if (mount.readOnly || looksLikeFile || draft.kind === 'job') {
    draft.report.dropped(place, mount.value.at, {
      reason: `${shown(path, draft)} is not there`,
      todo: looksLikeFile
        ? 'Write the file and convert again.'
        : 'Make the folder and convert again, or name a volume.',
    });
    return;
  }
  const volume = volumeFor(path, mount, draft);
  draft.mounts.push({ path: mount.target, from: { is: 'volume', volume } });
  draft.report.changed(
    place,
    mount.value.at,
    `${shown(path, draft)} is not there, so it holds what the service writes: claim ${volume} of ${SIZE}`,
    'Name a volume in the compose file to choose its size.',
  );
}

function oneFile(mount: VolumeMount, place: Path, draft: Draft, path: string): void {
  const [file] = filesBelow(path, 1) ?? [];
  if (!file) {
    draft.report.dropped(place, mount.value.at, {
      reason: `${shown(path, draft)} has more than 1 MiB or cannot be read`,
      todo: 'Put it into the image (COPY).',
    });
    return;
  }
  const placed = addFile(file, `file:${path}`, path, draft, mount);
  draft.mounts.push({ path: mount.target, readOnly: true, from: placed.from });
  const what = `file from ${placed.kind} ${placed.set}${placed.why === undefined ? '' : `, since ${placed.why}`}`;
  if (mount.readOnly) draft.report.mapped(place, mount.value.at, what);
  else draft.report.changed(place, mount.value.at, `${what}; it cannot be written to`);
}

function folder(mount: VolumeMount, place: Path, draft: Draft, path: string): void {
  const files = filesBelow(path, FILES_MAX);
  if (files && files.length === 0 && !mount.readOnly) {
    const volume = volumeFor(path, mount, draft);
    draft.mounts.push({ path: mount.target, from: { is: 'volume', volume } });
    draft.report.changed(
      place,
      mount.value.at,
      `${shown(path, draft)} is empty, so it holds what the service writes: claim ${volume} of ${SIZE}`,
    );
    return;
  }
  if (!files) {
    draft.report.dropped(place, mount.value.at, {
      reason: `${shown(path, draft)} holds more than ${FILES_MAX} files or 1 MiB, which no ConfigMap takes`,
      todo: 'Put it into the image (COPY), or name a volume and fill it once.',
    });
    return;
  }
  const top = files.filter(({ path: below }) => !below.includes('/'));
  const hidden = files.flatMap((file) => whyHiddenFile(file.path, textOfFile(file)) ?? []);
  const secret = hidden.length > 0;
  const mode = modeOf(files);
  const id = `folder:${path}`;
  const set = newSet(id, basename(path), secret, draft, mount);
  for (const file of files) put(secret, id, configKey(file.path.replaceAll('/', '__')), file, draft);
  if (top.length === files.length) {
    draft.mounts.push({
      path: mount.target,
      readOnly: true,
      from: secret ? { is: 'secrets', set, ...mode } : { is: 'settings', set, ...mode },
    });
  } else {
    // A ConfigMap has no folders: each file is laid in its place.
    for (const file of files) {
      const key = configKey(file.path.replaceAll('/', '__'));
      const from = secret
        ? ({ is: 'secrets', set, key, ...mode } as const)
        : ({ is: 'settings', set, key, ...mode } as const);
      draft.mounts.push({ path: `${mount.target.replace(/\/$/, '')}/${file.path}`, readOnly: true, from });
    }
  }
  const kind = secret ? `Secret ${set}, since ${hidden[0]}` : `ConfigMap ${set}`;
  const what = `${files.length} file${files.length === 1 ? '' : 's'} from ${kind}`;
  if (mount.readOnly) draft.report.mapped(place, mount.value.at, what);
  else draft.report.changed(place, mount.value.at, `${what}; they cannot be written to`);
}

/** A script that may be run on the laptop may be run in the pod. */
function modeOf(files: readonly SmallFile[]): { mode?: number } {
  return files.some(({ executable }) => executable) ? { mode: 0o755 } : {};
}

interface Placed {
  readonly from: { is: 'settings' | 'secrets'; set: string; key: string; mode?: number };
  readonly kind: string;
  readonly set: string;
  readonly why: string | undefined;
}

function addFile(file: SmallFile, id: string, path: string, draft: Draft, mount: VolumeMount): Placed {
  const why = whyHiddenFile(basename(path), textOfFile(file));
  const secret = why !== undefined;
  const set = newSet(id, basename(path), secret, draft, mount);
  const key = configKey(basename(path));
  put(secret, id, key, file, draft);
  return {
    from: { is: secret ? 'secrets' : 'settings', set, key, ...modeOf([file]) },
    kind: secret ? 'Secret' : 'ConfigMap',
    set,
    why,
  };
}

function newSet(id: string, name: string, secret: boolean, draft: Draft, mount: VolumeMount): string {
  const { sets } = draft.whole;
  const wanted = `${draft.name}-${name}`;
  const source = sourceOf(mount.value.at);
  return secret ? sets.secretSet(id, wanted, draft.name, source) : sets.settingSet(id, wanted, draft.name, source);
}

function put(secret: boolean, id: string, key: string, file: SmallFile, draft: Draft): void {
  if (secret) draft.whole.sets.secret(id, key, file.content);
  else draft.whole.sets.setting(id, key, file.content);
}

function textOfFile(file: SmallFile): string | undefined {
  return typeof file.content === 'string' ? file.content : undefined;
}

/** The folder that the image is built from, or one with the signs of a program's source. */
function isSource(path: string, draft: Draft): boolean {
  const build = draft.map.entries.get('build');
  const context = childOf(build, 'context');
  if (build && !isNothing(build)) {
    const directory = resolve((context ?? build).at.file.directory, textOf(context) ?? '.');
    const toContext = relative(path, directory);
    if (toContext === '' || !toContext.startsWith('..')) return true;
    // A folder of code within the context: small folders of settings are told by their files.
    const within = relative(directory, path);
    if (
      !within.startsWith('..') &&
      /^(?:src|app|lib|server|client|public|static|templates|views|tests?)(?:\/|$)/.test(within)
    ) {
      return true;
    }
  }
  return SOURCE_SIGNS.some((sign) => existsSync(resolve(path, sign)));
}
