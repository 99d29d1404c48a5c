import type { ComposeMap, ComposeProject, ComposeValue } from './contract.ts';
import { childOf, flagOf, itemsOf, numberOf, textOf } from './value.ts';
import { splitVolume } from './volume-syntax.ts';

/** A service that mounts a named volume. */
export interface VolumeUse {
  readonly service: string;
  readonly readOnly: boolean;
}

/** A mount of a service, whichever way it is written. */
export interface VolumeMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'cluster' | 'npipe' | 'image';
  readonly source: string | undefined;
  readonly target: string;
  readonly readOnly: boolean;
  readonly subpath: string | undefined;
  readonly options: readonly string[];
  readonly value: ComposeValue;
}

export function mountsOf(service: ComposeMap): VolumeMount[] {
  return itemsOf(service.entries.get('volumes')).flatMap((value): VolumeMount[] => {
    if (value.is === 'scalar') {
      const short = splitVolume(value.text);
      if (!short) return [];
      return [
        { ...short, target: clean(short.target), readOnly: short.options.includes('ro'), subpath: undefined, value },
      ];
    }
    const type = textOf(childOf(value, 'type')) as VolumeMount['type'] | undefined;
    const target = textOf(childOf(value, 'target'));
    if (type === undefined || target === undefined) return [];
    return [
      {
        type,
        source: textOf(childOf(value, 'source')),
        target: clean(target),
        readOnly: flagOf(childOf(value, 'read_only')) ?? false,
        subpath: textOf(childOf(value, type === 'image' ? 'image' : 'volume', 'subpath')),
        options: [],
        value,
      },
    ];
  });
}

/** Without a slash at its end, which would make two paths of one. */
function clean(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

/** Which services use each named volume, also through volumes_from. */
export function volumeUsesOf(project: ComposeProject): Map<string, VolumeUse[]> {
  const uses = new Map<string, VolumeUse[]>();
  const add = (volume: string, service: string, readOnly: boolean): void => {
    const known = uses.get(volume);
    if (known) known.push({ service, readOnly });
    else uses.set(volume, [{ service, readOnly }]);
  };
  for (const [name, service] of project.services) {
    for (const { type, source, readOnly } of mountsOf(service)) {
      if (type === 'volume' && source !== undefined) add(source, name, readOnly);
    }
    for (const { from, readOnly } of volumesFrom(service)) {
      const other = project.services.get(from);
      for (const { type, source } of other ? mountsOf(other) : []) {
        if (type === 'volume' && source !== undefined) add(source, name, readOnly);
      }
    }
  }
  return uses;
}

/** The services whose mounts a service takes over. */
export function volumesFrom(service: ComposeMap): { from: string; readOnly: boolean; index: number }[] {
  return itemsOf(service.entries.get('volumes_from')).flatMap((value, index) => {
    const words = (textOf(value) ?? '').split(':');
    if (words[0] === 'container' || words[0] === undefined) return [];
    return [{ from: words[0], readOnly: words[1] === 'ro', index }];
  });
}

/** How many of a service run: `scale`, `deploy.replicas`; undefined when it does not say. */
export function countOf(service: ComposeMap): number | undefined {
  return numberOf(service.entries.get('scale')) ?? numberOf(childOf(service, 'deploy', 'replicas'));
}
