import { randomInt } from 'node:crypto';
import type { Application, Part, SecretSet } from '../model/index.ts';
import type { Manifest, ObjectsOptions } from './contract.ts';
import { encoded, labelsOf, manifest, shortHash } from './names.ts';

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
/** Whose data knows the old password. */
const DATA_ROLES = new Set(['database', 'cache', 'queue', 'storage']);

/**
 * 32 letters and digits: as many as Laravel's key must have, and session libraries want at least. None of them needs quoting
 * in a URL, a shell or SQL.
 */
export function randomPassword(): string {
  return Array.from({ length: 32 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The Secrets of an application. */
export interface Secrets {
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
  /** A hash over what a part's pods read of Secrets; undefined when they read nothing. */
  hashOf(part: Part): string | undefined;
  /** A hash over everything that a set holds. */
  contentOf(set: string): string;
}

type Values = Readonly<Record<string, string | Uint8Array>>;

/** What is in the cluster already stays, only what lacks is made; see SecretSet for texts that changed. */
export function secretsOf(application: Application, options: ObjectsOptions): Secrets {
  const notes: string[] = [];
  const password = options.password ?? randomPassword;
  const known = new Map<string, Values>();
  const objects: Manifest[] = [];
  for (const set of application.secrets) {
    const kept = options.secrets?.get(set.name) ?? {};
    if (set.external) {
      known.set(set.name, kept);
      continue;
    }
    const values = { ...valuesOf(set, kept, isMounted(application, set), password, notes), ...othersOf(set, kept) };
    known.set(set.name, values);
    if (Object.keys(values).length === 0) continue;
    const metadata = { name: set.name, namespace: options.namespace, labels: labelsOf(application, set.role) };
    const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, encoded(value)]));
    objects.push(manifest('v1', 'Secret', metadata, { type: 'Opaque', data }));
  }
  notes.push(...asked(application, known, options));
  return {
    objects,
    notes,
    hashOf(part) {
      if (DATA_ROLES.has(part.role)) return undefined;
      const read = part.environment.flatMap(({ value }) =>
        value.is === 'secret' ? [[value.set, value.key, known.get(value.set)?.[value.key] ?? ''] as const] : [],
      );
      const files = part.mounts.flatMap(({ from }) =>
        from.is === 'secrets'
          ? Object.entries(known.get(from.set) ?? {}).map(([key, value]) => [from.set, key, value] as const)
          : [],
      );
      return read.length + files.length > 0 ? shortHash(...read.flat(), ...files.flat()) : undefined;
    },
    contentOf: (set) => shortHash(...Object.entries(known.get(set) ?? {}).flat()),
  };
}

function isMounted(application: Application, set: SecretSet): boolean {
  return application.parts.some(({ mounts }) =>
    mounts.some(({ from }) => from.is === 'secrets' && from.set === set.name),
  );
}

function valuesOf(
  set: SecretSet,
  kept: Readonly<Record<string, string>>,
  isMounted: boolean,
  password: () => string,
  notes: string[],
): Values {
  const values: Record<string, string | Uint8Array> = {};
  for (const [key, value] of Object.entries(set.values)) {
    if (value.is === 'joined') continue;
    const old = kept[key];
    if (value.is === 'random') values[key] = old ?? password();
    else if (value.text.length === 0) {
      // Nobody gave it: an empty password is worse than a pod that says what it lacks.
      if (old !== undefined) values[key] = old;
    } else if (old !== undefined && DATA_ROLES.has(set.role) && !isMounted) {
      values[key] = old;
      if (old !== value.text) {
        notes.push(`${set.source}: secret/${set.name} keeps its ${key}, since the server's data was made with it`);
      }
    } else values[key] = value.text;
  }
  for (const [key, value] of Object.entries(set.values)) {
    if (value.is === 'joined') values[key] = joined(value.template, values);
  }
  return values;
}

/** Given by hand under the same name. What is not text cannot be told from a broken text here and stays untouched. */
function othersOf(set: SecretSet, kept: Readonly<Record<string, string>>): Values {
  return Object.fromEntries(
    Object.entries(kept).filter(([key, value]) => !Object.hasOwn(set.values, key) && !value.includes('\uFFFD')),
  );
}

/** In a URL a value is written as URLs write it. */
function joined(template: string, values: Values): string {
  const isUrl = template.includes('://');
  return template.replace(/\$\{([\w.-]+)\}/g, (whole, key: string) => {
    const value = values[key];
    if (value === undefined) return whole;
    const text = Buffer.from(value).toString();
    return isUrl ? encodeURIComponent(text) : text;
  });
}

/** One line for each Secret that lacks what only the user has, with the command that gives it. */
function asked(application: Application, known: ReadonlyMap<string, Values>, options: ObjectsOptions): string[] {
  const lacking = new Map<string, Map<string, string>>();
  for (const part of application.parts) {
    for (const { name, value, source } of part.environment) {
      if (value.is !== 'secret' || (value.optional && !value.asked)) continue;
      if (known.get(value.set)?.[value.key] !== undefined) continue;
      const keys = lacking.get(value.set) ?? new Map<string, string>();
      lacking.set(value.set, keys);
      if (!keys.has(value.key)) keys.set(value.key, `${source}: ${name}`);
    }
  }
  return [...lacking].map(([set, keys]) => {
    const kubectl = `kubectl -n ${options.namespace}`;
    const exists = Object.keys(known.get(set) ?? {}).length > 0;
    const texts = [...keys.keys()].map((key) => `"${key}":"…"`).join(',');
    const literals = [...keys.keys()].map((key) => `--from-literal=${key}=…`).join(' ');
    const give = exists
      ? `${kubectl} patch secret ${set} --type merge -p '{"stringData":{${texts}}}'`
      : `${kubectl} create secret generic ${set} ${literals}`;
    const [first = set, ...others] = [...keys.values()];
    const more = others.map((other) => other.replace(/^.*: /, ''));
    const names = more.length > 0 ? `${first}, ${more.join(', ')} are secrets` : `${first} is a secret`;
    return `${names} only you have; give ${more.length > 0 ? 'them' : 'it'}: ${give}`;
  });
}
