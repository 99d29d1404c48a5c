import { bytesOf, bytesQuantity } from './amounts.ts';
import type { ComposeValue } from './contract.ts';
import type { Draft } from './draft.ts';
import { knownImage } from './known-images.ts';
import { pathFrom } from './load.ts';
import { labelFor } from './names.ts';
import type { Path } from './path.ts';
import { childOf, flagOf, isNothing, textOf } from './value.ts';
import { countOf, type VolumeMount } from './volume-uses.ts';
import { addScratch } from './volumes.ts';

/** Compose names no size; enough to begin with, and growable where the storage class allows it. */
export const SIZE = '1Gi';

/** A volume: one pod's own claim, one that parts share, or a folder that ends with the pod. */
export function claim(mount: VolumeMount, place: Path, draft: Draft): void {
  const { report } = draft;
  const { at } = mount.value;
  if (mount.source === undefined) {
    anonymous(mount, place, draft);
    return;
  }
  const definition = childOf(draft.whole.project.root, 'volumes', mount.source);
  const size = sizeOf(definition) ?? SIZE;
  if (textOf(childOf(definition, 'driver_opts', 'type')) === 'tmpfs') {
    addScratch(draft, mount.target, true, bytesOf(sizeOption(definition) ?? ''));
    report.mapped(place, at, 'folder in memory');
    return;
  }
  const uses = draft.whole.volumeUses.get(mount.source) ?? [];
  const own = draft.kind === 'statefulset' && uses.every(({ service }) => service === draft.service);
  if (own && !isExternal(definition) && mount.subpath === undefined && mount.type !== 'cluster') {
    const name = labelFor(mount.source, 40);
    draft.mounts.push({ path: mount.target, ...readOnly(mount), from: { is: 'own', name, size } });
    report.changed(
      place,
      at,
      `a claim of ${size}, which ${draft.name} alone has${fillNote(mount, draft)}`,
      sizeAdvice(definition, mount.source),
    );
    beginsInside(mount, draft, place);
    return;
  }
  const users = new Set(uses.map(({ service }) => service));
  const several = users.size > 1 || (countOf(draft.map) ?? 1) > 1 || draft.kind === 'daemonset';
  const volume = draft.whole.volumes.named(mount.source, mount.source, several ? 2 : 1, definition, size, at);
  draft.mounts.push({
    path: mount.target,
    ...readOnly(mount),
    from: { is: 'volume', volume, ...(mount.subpath === undefined ? {} : { below: mount.subpath }) },
  });
  if (isExternal(definition)) {
    report.mapped(place, at, `claim ${volume}, made elsewhere`);
    return;
  }
  // One made elsewhere may hold data already, which another folder would hide.
  if (mount.subpath === undefined) beginsInside(mount, draft, place);
  const what = users.size > 1 ? `claim ${volume}, shared by ${[...users].join(', ')}` : `claim ${volume}`;
  const how = several
    ? 'several pods use it at once; on several nodes that needs a storage class with ReadWriteMany'
    : 'one node at a time uses it, so a new version starts after the old one has ended';
  report.changed(place, at, `${what}: ${how}${fillNote(mount, draft)}`, sizeAdvice(definition, mount.source));
}

/** Docker fills a new volume with what the image has there; servers make their own data folder anyway. */
function fillNote(mount: VolumeMount, draft: Draft): string {
  const isMadeByServer = draft.known?.data !== undefined && mount.target.startsWith(draft.known.data);
  const isWanted = flagOf(childOf(mount.value, 'volume', 'nocopy')) !== true && !mount.readOnly;
  return isWanted && !isMadeByServer ? '; it begins empty, without what the image has there' : '';
}

/** Without a name it goes with its container; but a database's data is kept. */
function anonymous(mount: VolumeMount, place: Path, draft: Draft): void {
  const { report } = draft;
  const { at } = mount.value;
  if (draft.kind === 'statefulset' && mount.target === draft.known?.data) {
    draft.mounts.push({ path: mount.target, ...readOnly(mount), from: { is: 'own', name: 'data', size: SIZE } });
    report.changed(
      place,
      at,
      `a claim of ${SIZE}, since its data is kept there`,
      'Give the volume a name in the compose file.',
    );
    beginsInside(mount, draft, place);
    return;
  }
  if (hidesSource(mount, draft)) {
    report.dropped(place, at, {
      reason: "it keeps a folder of the image from being hidden by the laptop's files, which are not mounted here",
    });
    return;
  }
  addScratch(draft, mount.target, false, undefined);
  report.changed(place, at, 'a folder that begins empty and ends with the pod', 'Name the volume to keep its data.');
}

/** `./:/app` with `/app/node_modules`. */
function hidesSource(mount: VolumeMount, draft: Draft): boolean {
  return draft.sourceFolders.some(
    (folder) => mount.target === folder || mount.target.startsWith(`${folder.replace(/\/$/, '')}/`),
  );
}

/** A fresh disk has a folder lost+found, and PostgreSQL refuses to begin in a folder that is not empty. */
export function beginsInside(mount: VolumeMount, draft: Draft, place: Path): void {
  const image = textOf(draft.map.entries.get('image'));
  const isPostgres = knownImage(image)?.port === 5432 && /^\/var\/lib\/postgresql(?:\/|$)/.test(mount.target);
  if (!isPostgres || draft.environment.has('PGDATA') || /bitnami/.test(image ?? '')) return;
  const folder = `${mount.target}/pgdata`;
  draft.environment.set('PGDATA', { name: 'PGDATA', value: { is: 'plain', text: folder }, source: 'default' });
  draft.report.changed(place, mount.value.at, `its data is kept in ${folder} (PGDATA): a fresh disk is not empty`);
}

function readOnly(mount: VolumeMount): { readOnly?: true } {
  return mount.readOnly ? { readOnly: true } : {};
}

export function isExternal(definition: ComposeValue | undefined): boolean {
  const external = childOf(definition, 'external');
  return external !== undefined && !isNothing(external) && (external.is === 'map' || flagOf(external) === true);
}

/** `size=10g` among the options of a driver. */
function sizeOption(definition: ComposeValue | undefined): string | undefined {
  const options = childOf(definition, 'driver_opts');
  const direct = textOf(childOf(options, 'size'));
  return direct ?? /(?:^|,)size=([^,]+)/.exec(textOf(childOf(options, 'o')) ?? '')?.[1];
}

function sizeOf(definition: ComposeValue | undefined): string | undefined {
  const bytes = bytesOf(sizeOption(definition) ?? '');
  return bytes === undefined || bytes === 0 ? undefined : bytesQuantity(bytes);
}

function sizeAdvice(definition: ComposeValue | undefined, name: string): string | undefined {
  return sizeOf(definition) === undefined
    ? `Compose names no size; set one: volumes: { ${name}: { driver_opts: { size: 10g } } }`
    : undefined;
}

/** Where a volume of the laptop's disk really lies; undefined for one that Docker keeps. */
export function deviceOf(definition: ComposeValue): string | undefined {
  const device = childOf(definition, 'driver_opts', 'device');
  const text = textOf(device);
  return device && text !== undefined ? pathFrom(device, text) : undefined;
}
