import type { ComposeSecrets } from './compose-secrets.ts';
import { withoutDollars } from './compose-texts.ts';
import type { Application, Mount, Part } from './contract.ts';

/** A part's mounts as a service has them, with what the file declares for them. */
export interface ComposeMounts {
  readonly service: object;
  readonly volumes: ReadonlyMap<string, object | null>;
  readonly configs: ReadonlyMap<string, object>;
  readonly fileSecrets: ReadonlyMap<string, object>;
}

export function composeMounts(application: Application, part: Part, secrets: ComposeSecrets): ComposeMounts {
  const volumes = new Map<string, object | null>();
  const configs = new Map<string, object>();
  const fileSecrets = new Map<string, object>();
  const mounted: (string | object)[] = [];
  const tmpfs: string[] = [];
  const used: { configs: object[]; secrets: object[] } = { configs: [], secrets: [] };
  const modeOf = ({ mode }: { readonly mode?: number }): object => (mode === undefined ? {} : { mode });
  for (const mount of part.mounts) {
    const { from, path } = mount;
    if (from.is === 'scratch')
      tmpfs.push(from.sizeLimit === undefined ? path : `${path}:size=${bytes(from.sizeLimit)}`);
    else if (from.is === 'volume' || from.is === 'own') {
      const name = from.is === 'own' ? `${part.name}-${from.name}` : from.volume;
      const isExternal = application.volumes.some((volume) => volume.name === name && volume.external);
      volumes.set(name, isExternal ? { external: true } : {});
      mounted.push(volumeOf(mount, name));
    } else if (from.is === 'settings') {
      const set = application.settings.find(({ name }) => name === from.set);
      for (const [key, value] of Object.entries(set?.values ?? {})) {
        if (from.key !== undefined && from.key !== key) continue;
        const name = `${from.set}-${key.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
        configs.set(name, fileOf(set?.source, set?.role === 'seed') ?? contentOf(value, `${from.set}/${key}`));
        used.configs.push({ source: name, target: from.key === undefined ? `${path}/${key}` : path, ...modeOf(from) });
      }
    } else {
      const set = application.secrets.find(({ name }) => name === from.set);
      for (const key of from.key === undefined ? Object.keys(set?.values ?? {}) : [from.key]) {
        const name = `${from.set}-${key.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
        const file = fileOf(set?.source, set?.role === 'seed');
        fileSecrets.set(name, file ?? { environment: secrets.variableOf(from.set, key) });
        used.secrets.push({ source: name, target: from.key === undefined ? `${path}/${key}` : path, ...modeOf(from) });
      }
    }
  }
  return {
    service: {
      ...(mounted.length > 0 ? { volumes: mounted } : {}),
      ...(tmpfs.length > 0 ? { tmpfs } : {}),
      ...(used.configs.length > 0 ? { configs: used.configs } : {}),
      ...(used.secrets.length > 0 ? { secrets: used.secrets } : {}),
    },
    volumes,
    configs,
    fileSecrets,
  };
}

function volumeOf({ path, readOnly, from }: Mount, name: string): string | object {
  if (from.is !== 'volume' || from.below === undefined) return `${name}:${path}${readOnly ? ':ro' : ''}`;
  return {
    type: 'volume',
    source: name,
    target: path,
    ...(readOnly ? { read_only: true } : {}),
    volume: { subpath: from.below },
  };
}

/** The SQL of a seed is in the app's folder: that file is mounted, so that a change of it counts here too. */
function fileOf(source: string | undefined, isSeed: boolean): object | undefined {
  const path = isSeed ? /^([\w./-]+\.\w+)(?::\d+)?$/.exec(source ?? '')?.[1] : undefined;
  return path === undefined ? undefined : { file: `./${path}` };
}

/** Bytes cannot stand in the file: they are read from one beside it. */
function contentOf(value: string | Uint8Array, path: string): object {
  return typeof value === 'string' ? { content: withoutDollars(value) } : { file: `./${path}` };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
};

function bytes(quantity: string): number {
  const [, amount = '0', unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Math.round(Number(amount) * (UNITS[unit] ?? 1));
}
