import type { Field, KubeObject, ResourceInfo, Schema } from './contract.ts';
import { copy } from './object-meta.ts';

/**
 * Fills in what upstream's decoding and defaulting would: values that Go always writes, the table's defaults, then the
 * kind's own. Writes to the object it is given and returns it.
 */
export function applyDefaults<T extends KubeObject>(object: T, info: Pick<ResourceInfo, 'schema' | 'behaviour'>): T {
  fill(object as unknown as Record<string, unknown>, info.schema);
  info.behaviour.setDefaults?.(object);
  return object;
}

/** The table's part alone, for a value of any schema (a Scale, a template inside another object). */
export function fillDefaults<T extends object>(value: T, schema: Schema): T {
  fill(value as unknown as Record<string, unknown>, schema);
  return value;
}

interface Plan {
  /** Fields that may have to be added. */
  readonly adds: readonly (readonly [key: string, field: Field])[];
  /** Fields to go into. */
  readonly enters: ReadonlyMap<string, Schema>;
}

const plans = new WeakMap<Schema, Plan>();

function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known) return known;
  const adds: (readonly [string, Field])[] = [];
  const enters = new Map<string, Schema>();
  for (const [key, field] of Object.entries(schema.fields ?? {})) {
    if (field.zero !== undefined || field.default !== undefined) adds.push([key, field]);
    if (holdsObjects(field.schema)) enters.set(key, field.schema);
  }
  const plan = { adds, enters };
  plans.set(schema, plan);
  return plan;
}

function holdsObjects(schema: Schema): boolean {
  if (schema.type === 'object') return schema.fields !== undefined || schema.items !== undefined;
  return (schema.type === 'list' || schema.type === 'map') && schema.items !== undefined && holdsObjects(schema.items);
}

function fill(object: Record<string, unknown>, schema: Schema): void {
  const plan = planOf(schema);
  for (const [key, field] of plan.adds) {
    if (object[key] === undefined) object[key] = valueFor(field);
  }
  if (plan.enters.size === 0) return;
  for (const key of Object.keys(object)) {
    const inner = plan.enters.get(key);
    if (inner) enter(object[key], inner);
  }
}

function enter(value: unknown, schema: Schema): void {
  if (value === null || typeof value !== 'object') return;
  if (schema.type === 'object') {
    if (!Array.isArray(value)) fill(value as Record<string, unknown>, schema);
    return;
  }
  const items = schema.items;
  if (!items) return;
  for (const one of Array.isArray(value) ? value : Object.values(value)) enter(one, items);
}

function valueFor(field: Field): unknown {
  if (field.default !== undefined) return copy(field.default);
  switch (field.zero) {
    case 'object':
    case 'map':
      return {};
    case 'list':
      return [];
    default:
      return field.zero;
  }
}
