import { Bug } from '../../base/index.ts';
import type { Volume, VolumeMount } from '../../engine/kinds/index.ts';
import type { Mount, Part } from '../model/index.ts';
import { type Draft, setOf } from './draft.ts';
import { shortName } from './names.ts';

/** A part's mounts as a pod and its container write them; claims of a StatefulSet's own are not among the volumes. */
export function mountsOf(draft: Draft, part: Part): { volumes: Volume[]; volumeMounts: VolumeMount[] } {
  const volumes = new Map<string, Volume>();
  const volumeMounts = part.mounts.map((mount): VolumeMount => {
    const volume = volumeOf(draft, part, mount);
    if (mount.from.is !== 'own') volumes.set(volume.name, volume);
    const { from } = mount;
    const below =
      from.is === 'volume' ? from.below : from.is === 'settings' || from.is === 'secrets' ? from.key : undefined;
    return {
      name: volume.name,
      mountPath: mount.path,
      ...(mount.readOnly ? { readOnly: true } : {}),
      ...(below === undefined ? {} : { subPath: below }),
    };
  });
  return { volumes: [...volumes.values()], volumeMounts };
}

export function claimName(draft: Draft, volume: string): string {
  const { application } = draft;
  const found = application.volumes.find(({ name }) => name === volume);
  if (found?.external || volume === application.name || volume.startsWith(`${application.name}-`)) return volume;
  return shortName(`${application.name}-${volume}`);
}

function volumeOf(draft: Draft, part: Part, { from }: Mount): Volume {
  switch (from.is) {
    case 'volume':
      return {
        name: shortName(`volume-${from.volume}`),
        persistentVolumeClaim: { claimName: claimName(draft, from.volume) },
      };
    case 'own':
      return { name: from.name };
    case 'scratch':
      return {
        name: shortName(`scratch-${from.name}`),
        emptyDir: {
          ...(from.memory ? { medium: 'Memory' } : {}),
          ...(from.sizeLimit === undefined ? {} : { sizeLimit: from.sizeLimit }),
        },
      };
    case 'settings': {
      const configMap = draft.settings.nameOf(from.set);
      if (configMap === undefined || !setOf(draft, from.set)) throw new Bug(`${part.name} mounts no set ${from.set}`);
      return { name: fileVolume('settings', from), configMap: { name: configMap, ...modeOf(from) } };
    }
    case 'secrets':
      return { name: fileVolume('secrets', from), secret: { secretName: from.set, ...modeOf(from) } };
  }
}

/** One volume carries one mode. */
function fileVolume(kind: string, { set, mode }: { readonly set: string; readonly mode?: number }): string {
  return shortName(`${kind}-${set}${mode === undefined ? '' : `-${mode.toString(8)}`}`);
}

function modeOf({ mode }: { readonly mode?: number }): { defaultMode?: number } {
  return mode === undefined ? {} : { defaultMode: mode };
}
