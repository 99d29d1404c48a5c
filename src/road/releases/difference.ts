import { stringify } from 'yaml';
import type { Manifest } from '../manifests/index.ts';
import { unified } from './unified.ts';

/** One object that is not the same in two states. */
export interface Difference {
  /** `deployment/users`. */
  readonly object: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** As `diff -u` shows it, the objects written as YAML; values of Secrets never appear. */
  readonly lines: readonly string[];
}

const HIDDEN = '(hidden)';
const HIDDEN_OTHER = '(hidden, another value)';
const SECRET_FIELDS = ['data', 'stringData'] as const;

/** What differs between two states of an app, in the order of the later one; what went comes last. */
export function differences(before: readonly Manifest[], after: readonly Manifest[]): Difference[] {
  const earlier = new Map(before.map((object) => [nameOf(object), object]));
  const later = new Set(after.map(nameOf));
  // What is named by its content (settings, jobs) has another name when it changes, and is still the same thing.
  const renamed = new Map(
    before
      .filter((object) => stemOf(object) !== undefined && !later.has(nameOf(object)))
      .map((object) => [stemOf(object), object]),
  );
  const found: Difference[] = [];
  for (const object of after) {
    const name = nameOf(object);
    const old = earlier.get(name) ?? renamed.get(stemOf(object));
    if (old) later.add(nameOf(old));
    const lines = unified(old ? linesOf(masked(old)) : [], linesOf(masked(object, old)));
    if (lines.length > 0) found.push({ object: name, change: old ? 'changed' : 'added', lines });
  }
  for (const [name, object] of earlier) {
    if (!later.has(name)) found.push({ object: name, change: 'removed', lines: unified(linesOf(masked(object)), []) });
  }
  return found;
}

/**
 * Of an object in the cluster, only what `wanted` speaks of: what the server, its controllers or others have filled in
 * besides is no difference. Values of ConfigMaps and Secrets count in full, since nobody else writes those.
 */
export function asWanted(live: Readonly<Record<string, unknown>>, wanted: Manifest): Manifest {
  const shaped = shapedAs(live, wanted) as Manifest;
  const whole = Object.fromEntries(
    ['data', 'binaryData', 'stringData'].flatMap((field) => (live[field] ? [[field, live[field]]] : [])),
  );
  return wanted.kind === 'ConfigMap' || wanted.kind === 'Secret' ? { ...shaped, ...whole } : shaped;
}

function shapedAs(live: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted) && Array.isArray(live)) {
    return live.map((item, index) => (index < wanted.length ? shapedAs(item, wanted[index]) : item));
  }
  if (!isMap(wanted) || !isMap(live)) return live;
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([key, value]) => (key in live ? [[key, shapedAs(live[key], value)]] : [])),
  );
}

function masked(object: Manifest, old?: Manifest): Manifest {
  if (object.kind !== 'Secret') return object;
  const fields = SECRET_FIELDS.flatMap((field) => {
    const values = object[field];
    if (!isMap(values)) return [];
    const before = old && isMap(old[field]) ? old[field] : {};
    const hide = ([key, value]: [string, unknown]): [string, string] => [
      key,
      key in before && before[key] !== value ? HIDDEN_OTHER : HIDDEN,
    ];
    return [[field, Object.fromEntries(Object.entries(values).map(hide))]];
  });
  return { ...object, ...Object.fromEntries(fields) };
}

/** Objects fit to be shown to anyone: values of Secrets are left out, their names stay. */
export function withoutSecrets(objects: readonly Manifest[]): Manifest[] {
  return objects.map((object) => masked(object));
}

/** YAML with the keys of every map in order, so that only what differs shows. */
function linesOf(object: Manifest): string[] {
  const lines = stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
  return lines.trimEnd().split('\n');
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `configmap/users-…`: the name without the hash at its end; undefined fits nothing. */
function stemOf(object: Manifest): string | undefined {
  const name = nameOf(object);
  return /-[0-9a-f]{8,10}$/.test(name) ? name.replace(/[0-9a-f]+$/, '…') : undefined;
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}
