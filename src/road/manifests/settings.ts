import type { Application, Part, SettingSet } from '../model/index.ts';
import type { Manifest } from './contract.ts';
import { encoded, hashedName, labelsOf, manifest, SETTINGS_LABEL, shortHash } from './names.ts';

/** The ConfigMaps of an application. */
export interface Settings {
  readonly objects: readonly Manifest[];
  /** The ConfigMap that holds a set as it is now. */
  nameOf(set: string): string | undefined;
  /** The ConfigMap with a part's plain variables; undefined when it has none. */
  environmentOf(part: Part): string | undefined;
}

/**
 * ConfigMaps carry a hash of their content in their name: a release keeps those it was made with, so that going back
 * brings the settings back. Parts with the same plain variables share one.
 */
export function settingsOf(application: Application, namespace: string): Settings {
  const objects = new Map<string, Manifest>();
  const bySet = new Map<string, string>();
  const byContent = new Map<string, string>();
  const byPart = new Map<string, string>();
  const write = (set: SettingSet): string => {
    const object = configMap(application, namespace, set);
    objects.set(object.metadata.name, object);
    return object.metadata.name;
  };
  const front = application.parts.filter(({ name }) => name === application.front);
  // The front part's come first, so that those who share them share them under its name.
  for (const part of [...front, ...application.parts]) {
    const values = plainOf(part);
    if (Object.keys(values).length === 0 || byPart.has(part.name)) continue;
    const content = JSON.stringify(values);
    const name = byContent.get(content) ?? write({ name: part.name, role: part.role, values, source: part.source });
    byContent.set(content, name);
    byPart.set(part.name, name);
  }
  for (const set of application.settings) bySet.set(set.name, write(set));
  return {
    objects: [...objects.values()],
    nameOf: (set) => bySet.get(set),
    environmentOf: (part) => byPart.get(part.name),
  };
}

function plainOf(part: Part): Record<string, string> {
  const named = part.environment.flatMap(({ name, value }) =>
    value.is === 'plain' ? [[name, value.text] as const] : [],
  );
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function configMap(application: Application, namespace: string, set: SettingSet): Manifest {
  const entries = Object.entries(set.values).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []));
  const bytes = entries.flatMap(([key, value]) => (typeof value === 'string' ? [] : [[key, encoded(value)] as const]));
  const name = hashedName(set.name, shortHash(...entries.flat()));
  const labels = { ...labelsOf(application, set.role), [SETTINGS_LABEL]: set.name };
  return manifest(
    'v1',
    'ConfigMap',
    { name, namespace, labels },
    {
      ...(texts.length > 0 ? { data: Object.fromEntries(texts) } : {}),
      ...(bytes.length > 0 ? { binaryData: Object.fromEntries(bytes) } : {}),
    },
  );
}
