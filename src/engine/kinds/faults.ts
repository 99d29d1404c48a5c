import type { FieldFault } from './contract.ts';

// The makers of field faults, named as upstream's field package names them.

export const required = (path: string, detail = ''): FieldFault => ({ path, type: 'Required', detail });
export const invalidValue = (path: string, value: unknown, detail: string): FieldFault => ({
  path,
  type: 'Invalid',
  value,
  detail,
});
export const notSupported = (path: string, value: unknown, supported: readonly string[]): FieldFault => ({
  path,
  type: 'NotSupported',
  value,
  detail: supported.length > 0 ? `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}` : '',
});
export const forbiddenField = (path: string, detail: string): FieldFault => ({ path, type: 'Forbidden', detail });
export const duplicate = (path: string, value: unknown): FieldFault => ({ path, type: 'Duplicate', value, detail: '' });
export const notFoundValue = (path: string, value: unknown): FieldFault => ({
  path,
  type: 'NotFound',
  value,
  detail: '',
});
export const tooLong = (path: string, bytesMax: number): FieldFault => ({
  path,
  type: 'TooLong',
  detail: `may not be more than ${bytesMax} bytes`,
});
export const tooMany = (path: string, actual: number, most: number): FieldFault => ({
  path,
  type: 'TooMany',
  value: actual,
  detail: `must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
});

/** `spec.containers[2]`. */
export const at = (path: string, index: number | string): string => `${path}[${index}]`;

/** One fault for each text. */
export function invalidAll(path: string, value: unknown, texts: readonly string[]): FieldFault[] {
  return texts.map((text) => invalidValue(path, value, text));
}
