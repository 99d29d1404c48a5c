import type { ComposeValue } from './contract.ts';

/** Why a key has no effect on Kubernetes, and what to do instead. */
export interface Reason {
  readonly reason: string;
  readonly todo?: string;
}

/** How two values of the same key become one; `append` and key by key where nothing is said. */
export type Merging = 'replace' | 'logging';

interface Common {
  /** Set: the key and all below it has no effect, whatever its value. */
  readonly dropped?: Reason;
  readonly merging?: Merging;
}

export type ScalarType = 'text' | 'number' | 'flag' | 'scalar' | 'duration' | 'bytes';

export interface ScalarShape extends Common {
  readonly is: 'scalar';
  readonly type: ScalarType;
  readonly oneOf?: readonly string[];
}

export interface MapShape extends Common {
  readonly is: 'map';
  readonly keys: Readonly<Record<string, Shape>>;
  /** A text in place of the map is the value of this key. */
  readonly short?: string;
  readonly required?: readonly string[];
  /** Nothing at all (`web:` and no more) is an empty map. */
  readonly mayBeEmpty?: boolean;
}

export interface NamedShape extends Common {
  readonly is: 'named';
  readonly of: Shape;
  /** May be a list of names too; each then stands for this entry, or for nothing. */
  readonly fromList?: Readonly<Record<string, string | boolean>> | 'nothing';
  readonly names?: RegExp;
}

export interface ListShape extends Common {
  readonly is: 'list';
  readonly of: Shape;
  /** One in place of the list. */
  readonly orOne?: boolean;
  /** Of two items with the same identity the later stands. */
  readonly identity?: (value: ComposeValue) => string;
}

/** `NAME: value` or `- NAME=value`; the map is what it becomes. */
export interface PairsShape extends Common {
  readonly is: 'pairs';
  /** In a list also `NAME:value`. */
  readonly colon?: boolean;
}

/** A text for a shell-like split, or its words; one unit. */
export interface CommandShape extends Common {
  readonly is: 'command';
}

/** Short form a text (or number), long form a map; both stay as they are. */
export interface EitherShape extends Common {
  readonly is: 'either';
  readonly short: ScalarShape;
  readonly long: Shape;
}

export type Shape = ScalarShape | MapShape | NamedShape | ListShape | PairsShape | CommandShape | EitherShape;

export const text: ScalarShape = { is: 'scalar', type: 'text' };
export const number: ScalarShape = { is: 'scalar', type: 'number' };
export const flag: ScalarShape = { is: 'scalar', type: 'flag' };
/** A text or a number or a flag. */
export const scalar: ScalarShape = { is: 'scalar', type: 'scalar' };
/** `1m30s`. */
export const duration: ScalarShape = { is: 'scalar', type: 'duration' };
/** `512m`, or a number of bytes. */
export const bytes: ScalarShape = { is: 'scalar', type: 'bytes' };
export const pairs: PairsShape = { is: 'pairs' };
export const command: CommandShape = { is: 'command', merging: 'replace' };

export function oneOf(...values: string[]): ScalarShape {
  return { is: 'scalar', type: 'text', oneOf: values };
}

export function map(keys: Readonly<Record<string, Shape>>, more: Omit<MapShape, 'is' | 'keys'> = {}): MapShape {
  return { is: 'map', keys, ...more };
}

export function named(of: Shape, more: Omit<NamedShape, 'is' | 'of'> = {}): NamedShape {
  return { is: 'named', of, ...more };
}

export function list(of: Shape, more: Omit<ListShape, 'is' | 'of'> = {}): ListShape {
  return { is: 'list', of, ...more };
}

export function either(short: ScalarShape, long: Shape): EitherShape {
  return { is: 'either', short, long };
}

/** The key is known and has no effect. */
export function dropped<T extends Shape>(shape: T, reason: string, todo?: string): T {
  return { ...shape, dropped: { reason, ...(todo === undefined ? {} : { todo }) } };
}
