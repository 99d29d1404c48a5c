import { isDeepStrictEqual } from 'node:util';
import type { FieldFault } from '../contract.ts';
import { forbiddenField } from '../faults.ts';
import type { ConfigMap } from '../generated/types.ts';

export const BYTES_MAX = 1024 * 1024;

const FIXED = 'field is immutable when `immutable` is set';

export const count = (entries: object | undefined) => Object.keys(entries ?? {}).length;

/** Decoded length of base64 text. */
export const decodedBytes = (text: string) => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

type Fixable = Pick<ConfigMap, 'data' | 'binaryData' | 'immutable'>;

/** What `immutable: true` holds fast; it cannot be taken back. */
export function validateFixed(now: Fixable, before: Fixable, fields: readonly ('data' | 'binaryData')[]): FieldFault[] {
  if (!before.immutable) return [];
  const faults: FieldFault[] = [];
  if (!now.immutable) faults.push(forbiddenField('immutable', FIXED));
  for (const field of fields) {
    if (!isDeepStrictEqual(now[field] ?? {}, before[field] ?? {})) faults.push(forbiddenField(field, FIXED));
  }
  return faults;
}
