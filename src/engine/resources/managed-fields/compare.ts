import type { Field, Schema } from '../../kinds/index.ts';
import { equal, isPlain, type Plain } from '../object.ts';
import { type FieldTree, LEAF } from './field-tree.ts';
import { fieldsOf, formOf, itemSchema, itemsOf, schemaBelow } from './structure.ts';

/** What differs between two objects: fields added or modified, and fields removed. */
export interface Comparison {
  readonly changed: FieldTree;
  readonly removed: FieldTree;
}

type Growing = Record<string, FieldTree>;

/** Metadata that nobody owns. */
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** Whether a field of the object's top level is owned on this path; `status` is not on the main resource's. */
export type Owned = (field: string) => boolean;

/** structured-merge-diff's compare, on whole objects. Fields that are always there in Go's struct count as there. */
export function compareObjects(before: Plain, after: Plain, schema: Schema, owned: Owned): Comparison {
  const changed: Growing = {};
  const removed: Growing = {};
  for (const key of keysOf(before, after)) {
    if (key === 'apiVersion' || key === 'kind' || !owned(key)) continue;
    if (key === 'metadata') {
      const metadata = schemaBelow(schema, key);
      const [one, two] = [asPlain(before.metadata), asPlain(after.metadata)];
      const [changedBelow, removedBelow]: [Growing, Growing] = [{}, {}];
      for (const field of keysOf(one, two)) {
        if (!UNOWNED_METADATA.has(field))
          compareField(one, two, field, metadata, changedBelow, removedBelow, `f:${field}`);
      }
      put(changed, 'f:metadata', changedBelow);
      put(removed, 'f:metadata', removedBelow);
    } else compareField(before, after, key, schema, changed, removed, `f:${key}`);
  }
  return { changed, removed };
}

function compareField(
  before: Plain,
  after: Plain,
  key: string,
  schema: Schema,
  changed: Growing,
  removed: Growing,
  step: string,
): void {
  const field = fieldsOf(schema)[key];
  const one = before[key] ?? (before === ABSENT ? undefined : zeroOf(field));
  const two = after[key] ?? (after === ABSENT ? undefined : zeroOf(field));
  if (one === two) return;
  compareValue(one, two, schemaBelow(schema, key), changed, removed, step);
}

/** Go writes some fields always, so they are neither added nor removed: they change from their zero value. */
function zeroOf(field: Field | undefined): unknown {
  const zero = field?.zero;
  if (zero === 'object') return EMPTY;
  return zero === 'list' || zero === 'map' ? null : zero;
}

const EMPTY: Plain = Object.freeze({});
/** In place of an object that is not there at all: none of its fields are, whatever Go writes always. */
const ABSENT: Plain = Object.freeze({});

/** `undefined`: not there. `null`: there, and holds nothing. */
function compareValue(
  one: unknown,
  two: unknown,
  schema: Schema,
  changed: Growing,
  removed: Growing,
  step: string,
): void {
  const form = formOf(schema, two ?? one);
  if (form === 'leaf' || (holdsNothing(one) && holdsNothing(two)) || (one && two && form !== formOf(schema, one))) {
    if (one === undefined) changed[step] = LEAF;
    else if (two === undefined) removed[step] = LEAF;
    else if (!equal(one, two)) changed[step] = LEAF;
    return;
  }
  const [changedBelow, removedBelow]: [Growing, Growing] = [{}, {}];
  if (form === 'map') {
    const a = one === undefined ? ABSENT : asPlain(one);
    const b = two === undefined ? ABSENT : asPlain(two);
    for (const key of keysOf(a, b)) compareField(a, b, key, schema, changedBelow, removedBelow, `f:${key}`);
  } else {
    const [a, b] = [itemsOf(one, schema), itemsOf(two, schema)];
    const items = itemSchema(schema);
    for (const [itemStep, item] of b) compareValue(a.get(itemStep), item, items, changedBelow, removedBelow, itemStep);
    for (const [itemStep, item] of a) {
      if (!b.has(itemStep)) compareValue(item, undefined, items, changedBelow, removedBelow, itemStep);
    }
  }
  if (one === undefined) changed[step] = withSelf(changedBelow);
  else put(changed, step, changedBelow);
  if (two === undefined) removed[step] = withSelf(removedBelow);
  else put(removed, step, removedBelow);
}

function put(tree: Growing, step: string, below: Growing): void {
  for (const _ in below) {
    tree[step] = below;
    return;
  }
}

function withSelf(below: Growing): FieldTree {
  for (const _ in below) return { '.': LEAF, ...below };
  return LEAF;
}

function holdsNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}

function asPlain(value: unknown): Plain {
  return isPlain(value) ? value : EMPTY;
}

function* keysOf(one: Plain, two: Plain): Generator<string> {
  yield* Object.keys(two);
  for (const key of Object.keys(one)) if (two[key] === undefined && !(key in two)) yield key;
}

/** structured-merge-diff's ToFieldSet: what an applied configuration names. */
export function fieldSetOf(object: Plain, schema: Schema, owned: Owned): FieldTree {
  const tree: Growing = {};
  for (const key of Object.keys(object)) {
    if (key === 'apiVersion' || key === 'kind' || !owned(key)) continue;
    if (key !== 'metadata') {
      gather(object[key], schemaBelow(schema, key), tree, `f:${key}`, isDeclared(schema, key));
      continue;
    }
    const below: Growing = {};
    const metadata = asPlain(object.metadata);
    for (const field of Object.keys(metadata)) {
      if (UNOWNED_METADATA.has(field)) continue;
      gather(metadata[field], schemaBelow(schemaBelow(schema, key), field), below, `f:${field}`, true);
    }
    put(tree, 'f:metadata', below);
  }
  return tree;
}

const isDeclared = (schema: Schema, key: string) => schema.fields?.[key] !== undefined;

/** `quiet`: a field of a struct, which is owned through what is in it only. */
function gather(value: unknown, schema: Schema, tree: Growing, step: string, quiet: boolean): void {
  if (value === undefined) return;
  const form = value === null ? 'leaf' : formOf(schema, value);
  if (form === 'leaf') {
    tree[step] = LEAF;
    return;
  }
  const below: Growing = {};
  if (form === 'map') {
    const map = asPlain(value);
    for (const key of Object.keys(map)) {
      gather(map[key], schemaBelow(schema, key), below, `f:${key}`, isDeclared(schema, key));
    }
    if (!quiet || holdsNothing(map)) tree[step] = withSelf(below);
    else put(tree, step, below);
    return;
  }
  for (const [itemStep, item] of itemsOf(value, schema)) gather(item, itemSchema(schema), below, itemStep, false);
  if (quiet) put(tree, step, below);
  else tree[step] = withSelf(below);
}
