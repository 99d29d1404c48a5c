import type { Field, Schema } from '../../kinds/index.ts';
import { isPlain, type Plain } from '../object.ts';

/** How a value is owned: as one (leaf), field by field (map), or item by item (list). */
export type Form = 'leaf' | 'map' | 'list';

const ANY: Schema = { type: 'any' };
const NO_FIELDS: Readonly<Record<string, Field>> = {};

/** What a value of this schema is owned as. Values of no known type: maps by field, lists as one. */
export function formOf(schema: Schema, value: unknown): Form {
  switch (schema.type) {
    case 'object':
    case 'map':
      return schema.mapType === 'atomic' || (!isPlain(value) && value !== undefined && value !== null) ? 'leaf' : 'map';
    case 'list':
      return schema.listType === 'map' || schema.listType === 'set' ? 'list' : 'leaf';
    case 'any':
      return isPlain(value) && schema.mapType !== 'atomic' ? 'map' : 'leaf';
    default:
      return 'leaf';
  }
}

export function fieldsOf(schema: Schema): Readonly<Record<string, Field>> {
  return schema.fields ?? NO_FIELDS;
}

/** The schema of what a map holds under a key. */
export function schemaBelow(schema: Schema, key: string): Schema {
  return schema.fields?.[key]?.schema ?? schema.items ?? ANY;
}

export function itemSchema(schema: Schema): Schema {
  return schema.items ?? ANY;
}

/** The step to a list's item: `k:{"containerPort":80,"protocol":"TCP"}` or `v:"a"`. */
export function stepOf(item: unknown, schema: Schema): string {
  const keys = schema.listMapKeys;
  if (schema.listType !== 'map' || !keys || !isPlain(item)) return `v:${JSON.stringify(item)}`;
  const first = keys[0];
  if (keys.length === 1 && first !== undefined && item[first] !== undefined) {
    return `k:{${JSON.stringify(first)}:${JSON.stringify(item[first])}}`;
  }
  const made: Plain = {};
  for (const key of [...keys].sort()) {
    const value = item[key] ?? fieldsOf(itemSchema(schema))[key]?.default;
    if (value !== undefined) made[key] = value;
  }
  return `k:${JSON.stringify(made)}`;
}

/** Items by step, in order; of items with the same step the first counts. */
export function itemsOf(list: unknown, schema: Schema): Map<string, unknown> {
  const items = new Map<string, unknown>();
  if (!Array.isArray(list)) return items;
  for (const item of list) {
    const step = stepOf(item, schema);
    if (!items.has(step)) items.set(step, item);
  }
  return items;
}
