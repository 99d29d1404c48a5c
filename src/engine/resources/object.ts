import type { KubeObject, ObjectMeta } from '../kinds/index.ts';

export type Plain = Record<string, unknown>;

/** An object that the verb at work has to itself and may write to. */
export interface Mutable {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Only for objects made by the verb at work itself (a `copy`). */
export const mutable = (object: KubeObject): Mutable => object as Mutable;

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `spec`, `status` and the like of an object whose type is not known here. */
export function partOf(object: KubeObject, field: string): Plain {
  const value = (object as unknown as Plain)[field];
  return isPlain(value) ? value : {};
}

/** Deep equality of JSON values; a field of `undefined` is one that is not there. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (!equal(a[at], b[at])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const [one, two] = [a as Plain, b as Plain];
  for (const key in one) if (!equal(one[key], two[key])) return false;
  for (const key in two) if (two[key] !== undefined && one[key] === undefined) return false;
  return true;
}

/** How Go prints a value with %+v: `map[spec:map[replicas:2]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isPlain(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `map[${fields.map((field) => `${field}:${goText(value[field])}`).join(' ')}]`;
}
