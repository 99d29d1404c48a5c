import { isDeepStrictEqual } from 'node:util';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue } from '../faults.ts';
import { copy } from '../object-meta.ts';

/** An object as the strategies write to it. */
interface Loose {
  apiVersion: string;
  kind: string;
  metadata: { generation?: number; [field: string]: unknown };
  spec?: unknown;
  status?: unknown;
  [field: string]: unknown;
}

export const loose = (object: KubeObject): Loose => object as unknown as Loose;

const IDENTITY = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** What all fields but identity and status hold: what generation counts. */
function desired(object: Loose): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !IDENTITY.has(field)));
}

/** Kinds with a status of their own: a client's create and update leave it as it is, an update of it leaves the rest. */
export const withStatus: Behaviour = {
  prepareForCreate(object) {
    loose(object).status = {};
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
};

/** As `withStatus`, and metadata.generation counts the changes of everything but the status. */
export const counted: Behaviour = {
  prepareForCreate(object) {
    const own = loose(object);
    own.status = {};
    own.metadata.generation = 1;
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
    countGeneration(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
};

/** Kinds without status whose generation counts. */
export const countedWithoutStatus: Behaviour = {
  prepareForCreate(object) {
    loose(object).metadata.generation = 1;
  },
  prepareForUpdate(object, old) {
    countGeneration(loose(object), loose(old));
  },
};

export function keepStatus(object: Loose, old: Loose): void {
  if (old.status === undefined) delete object.status;
  else object.status = copy(old.status);
}

export function keepAllButStatus(object: Loose, old: Loose): void {
  for (const field of Object.keys(object)) if (!IDENTITY.has(field)) delete object[field];
  for (const [field, value] of Object.entries(desired(old))) object[field] = copy(value);
}

export function countGeneration(object: Loose, old: Loose): void {
  const before = old.metadata.generation ?? 0;
  const generation = isDeepStrictEqual(desired(object), desired(old)) ? before : before + 1;
  if (generation > 0) object.metadata.generation = generation;
}

/** The fault of a number below zero. */
export function notNegative(value: number | undefined, path: string): FieldFault[] {
  return (value ?? 0) < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : [];
}
