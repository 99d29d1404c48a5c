import { UserError } from '../../base/index.ts';
import type { ComposeMap, ComposeScalar, ComposeValue, Position } from './contract.ts';

/** `compose.yaml:14`. */
export function sourceOf({ file, line }: Position): string {
  return `${file.name}:${line}`;
}

/** `compose.yaml:14:3`. */
export function placeOf({ file, line, column }: Position): string {
  return `${file.name}:${line}:${column}`;
}

export function faultAt(at: Position, fault: string, wayOut: string): UserError {
  return new UserError(placeOf(at), fault, wayOut);
}

export function mapOf(entries: Iterable<readonly [string, ComposeValue]>, at: Position): ComposeMap {
  return { is: 'map', entries: new Map(entries), at };
}

export function scalarOf(value: ComposeScalar['value'], at: Position): ComposeScalar {
  return { is: 'scalar', value, text: value === null ? '' : String(value), unset: [], at };
}

/** The same value at another place; its variables stay known. */
export function withText(scalar: ComposeScalar, text: string): ComposeScalar {
  return { is: 'scalar', value: text, text, unset: scalar.unset, at: scalar.at };
}

export function isNothing(value: ComposeValue | undefined): boolean {
  return value === undefined || (value.is === 'scalar' && value.value === null);
}

/** Entries of a map; of nothing none. The shapes have made sure that it is no other. */
export function entriesOf(value: ComposeValue | undefined): [string, ComposeValue][] {
  return value?.is === 'map' ? [...value.entries] : [];
}

export function itemsOf(value: ComposeValue | undefined): readonly ComposeValue[] {
  return value?.is === 'list' ? value.items : [];
}

export function childOf(value: ComposeValue | undefined, ...keys: string[]): ComposeValue | undefined {
  let at = value;
  for (const key of keys) at = at?.is === 'map' ? at.entries.get(key) : undefined;
  return at;
}

/** The text of a scalar; undefined for nothing, a list or a map. */
export function textOf(value: ComposeValue | undefined): string | undefined {
  return value?.is === 'scalar' && value.value !== null ? value.text : undefined;
}

/** The texts of a list's scalars. */
export function textsOf(value: ComposeValue | undefined): string[] {
  return itemsOf(value).flatMap((item) => textOf(item) ?? []);
}

export function numberOf(value: ComposeValue | undefined): number | undefined {
  const text = textOf(value);
  if (text === undefined || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** Compose takes YAML 1.1's words for the two as well. */
export function flagOf(value: ComposeValue | undefined): boolean | undefined {
  const text = textOf(value)?.toLowerCase();
  if (text === undefined) return undefined;
  if (['true', 'yes', 'on', 'y', '1'].includes(text)) return true;
  return ['false', 'no', 'off', 'n', '0'].includes(text) ? false : undefined;
}

/** Plain JavaScript values, for comparing and for tests. */
export function plain(value: ComposeValue): unknown {
  if (value.is === 'scalar') return value.value;
  if (value.is === 'list') return value.items.map(plain);
  return Object.fromEntries([...value.entries].map(([key, each]) => [key, plain(each)]));
}
