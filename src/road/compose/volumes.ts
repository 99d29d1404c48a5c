import type { Mount } from '../model/index.ts';
import { bytesOf, bytesQuantity } from './amounts.ts';
import { bind } from './bind.ts';
import { claim } from './claim.ts';
import type { Draft, Handler } from './draft.ts';
import { labelFor, uniqueName } from './names.ts';
import type { Path } from './path.ts';
import { childOf, faultAt, itemsOf, textOf } from './value.ts';
import { mountsOf, type VolumeMount, volumesFrom } from './volume-uses.ts';

export const volumes: Handler = (_value, path, draft) => {
  for (const [index, mount] of mountsOf(draft.map).entries()) mountOne(mount, [...path, index], draft);
};

/** Takes over what another service mounts. */
export const volumesFromOthers: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    if ((textOf(item) ?? '').startsWith('container:')) {
      draft.report.dropped([...path, index], item.at, {
        reason: 'it names a container outside of this project',
        todo: 'Mount the volume by its name.',
      });
    }
  }
  for (const { from, readOnly, index } of volumesFrom(draft.map)) {
    const place: Path = [...path, index];
    const other = draft.whole.project.services.get(from);
    const item = itemsOf(value)[index] ?? value;
    const mounts = other ? mountsOf(other) : [];
    const shared = mounts.filter(({ type, source }) => type !== 'volume' || source !== undefined);
    for (const mount of shared) mountOne({ ...mount, readOnly: mount.readOnly || readOnly }, place, draft);
    if (mounts.length > shared.length) {
      draft.report.changed(
        place,
        item.at,
        `anonymous volumes of ${from} stay its own`,
        `Give them a name to share them.`,
      );
    } else draft.report.mapped(place, item.at, `mounts what ${from} mounts`);
  }
};

function mountOne(mount: VolumeMount, place: Path, draft: Draft): void {
  if (draft.mounts.some(({ path }) => path === mount.target)) return;
  const { report } = draft;
  const { at } = mount.value;
  switch (mount.type) {
    case 'bind':
      bind(mount, place, draft);
      return;
    case 'volume':
    case 'cluster':
      claim(mount, place, draft);
      return;
    case 'tmpfs': {
      const size = bytesOf(textOf(childOf(mount.value, 'tmpfs', 'size')) ?? '');
      addScratch(draft, mount.target, true, size);
      report.mapped(place, at, `folder in memory${size === undefined ? '' : `, at most ${bytesQuantity(size)}`}`);
      const mode = childOf(mount.value, 'tmpfs', 'mode');
      if (mode)
        report.dropped([...place, 'tmpfs', 'mode'], mode.at, { reason: 'anyone in the container may write to it' });
      return;
    }
    case 'image':
      report.dropped(place, at, {
        reason: 'files of another image are not mounted',
        todo: 'Take them over in the Dockerfile: COPY --from=IMAGE PATH PATH',
      });
      return;
    case 'npipe':
      report.dropped(place, at, { reason: 'named pipes are of Windows' });
  }
}

/** Folders in memory: `PATH[:OPTIONS]`. */
export const tmpfs: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    const [target = '', options = ''] = (textOf(item) ?? '').split(':');
    const words = options.split(',').filter((word) => word !== '');
    const sizeText = words.find((word) => word.startsWith('size='))?.slice(5);
    const size = sizeText === undefined ? undefined : bytesOf(sizeText);
    if (sizeText !== undefined && size === undefined) {
      throw faultAt(item.at, `${JSON.stringify(sizeText)} is no size`, 'Write it as size=64m.');
    }
    addScratch(draft, target, true, size);
    const lost = words.filter((word) => !word.startsWith('size=') && word !== 'rw');
    if (lost.length > 0)
      draft.report.changed(
        [...path, index],
        item.at,
        `folder in memory, without ${lost.join(', ')}: a pod cannot say it`,
      );
    else draft.report.mapped([...path, index], item.at, 'folder in memory');
  }
};

export const sharedMemory: Handler = (value, path, draft) => {
  const size = bytesOf(textOf(value) ?? '');
  addScratch(draft, '/dev/shm', true, size);
  draft.report.mapped(
    path,
    value.at,
    `/dev/shm in memory${size === undefined ? '' : `, at most ${bytesQuantity(size)}`}`,
  );
};

export function addScratch(draft: Draft, target: string, memory: boolean, sizeBytes: number | undefined): void {
  if (draft.mounts.some(({ path }) => path === target)) return;
  const from: Mount['from'] = {
    is: 'scratch',
    name: mountName(draft, target),
    ...(memory ? { memory } : {}),
    ...(sizeBytes === undefined ? {} : { sizeLimit: bytesQuantity(sizeBytes) }),
  };
  draft.mounts.push({ path: target, from });
}

/** A name for the pod's volume, made of where it is mounted. */
export function mountName(draft: Draft, target: string): string {
  const taken = new Set(draft.mounts.flatMap(({ from }) => ('name' in from ? [from.name] : [])));
  return uniqueName(labelFor(target, 40), taken);
}
