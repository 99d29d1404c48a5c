/** A quantity exactly: `value` times ten to the power of `scale`, and the family of suffixes it was written in. */
export interface ExactQuantity {
  readonly value: bigint;
  readonly scale: number;
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
}

export const QUANTITY_FAULT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Thrown for what is no quantity, with upstream's text. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?$/;
const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Exponents past this are no sensible quantity and would only cost memory. */
const EXPONENT_MAX = 1000;
const LARGEST = 2n ** 63n - 1n;

const power = (exponent: number): bigint => 10n ** BigInt(exponent);

/**
 * Reads a quantity (`500m`, `1.5Gi`, `1e3`, 2). Finer than nano is rounded up, larger than 2^63-1 is cut to it, as
 * upstream does.
 * @throws QuantityError
 */
export function parseQuantity(quantity: string | number): ExactQuantity {
  const text = String(quantity).trim();
  const match = PATTERN.exec(text);
  if (!match || (match[2] === '' && !match[3])) throw new QuantityError(QUANTITY_FAULT);
  const [, sign, whole = '', fraction = '', suffix, exponentText] = match;
  const exponent = exponentText === undefined ? 0 : Number(exponentText);
  if (Math.abs(exponent) > EXPONENT_MAX) throw new QuantityError("unable to parse quantity's suffix");
  let value = BigInt(`${whole}${fraction}` || '0');
  let scale = -fraction.length;
  let format: ExactQuantity['format'] = 'DecimalSI';
  const binary = suffix === undefined ? undefined : BINARY[suffix];
  if (binary !== undefined) {
    format = 'BinarySI';
    value *= binary;
  } else if (suffix !== undefined) scale += DECIMAL[suffix] ?? 0;
  else if (exponentText !== undefined) {
    format = 'DecimalExponent';
    scale += exponent;
  }
  if (scale < -9) {
    // Rounded up (away from zero) to nano.
    const divisor = power(-9 - scale);
    value = (value + divisor - 1n) / divisor;
    scale = -9;
  }
  if (scale > 18 ? value > 0n : scale >= 0 ? value * power(scale) > LARGEST : value / power(-scale) > LARGEST) {
    value = LARGEST;
    scale = 0;
  }
  while (value !== 0n && scale < 0 && value % 10n === 0n) {
    value /= 10n;
    scale++;
  }
  if (scale > 0) {
    value *= power(scale);
    scale = 0;
  }
  if (value === 0n) scale = 0;
  return { value: sign === '-' ? -value : value, scale, format };
}

/** Whether it can be read at all. */
export function isQuantity(quantity: unknown): boolean {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return false;
  try {
    parseQuantity(quantity);
    return true;
  } catch {
    return false;
  }
}

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The canonical text: no fraction, the largest suffix that leaves none. */
export function formatQuantity({ value, scale, format }: ExactQuantity): string {
  if (value === 0n) return '0';
  const size = value < 0n ? -value : value;
  if (format === 'BinarySI' && scale === 0 && size >= 1024n) {
    let rest = value;
    let step = 0;
    while (step < BINARY_SUFFIXES.length - 1 && rest % 1024n === 0n) {
      rest /= 1024n;
      step++;
    }
    return `${rest}${BINARY_SUFFIXES[step]}`;
  }
  // Written to a multiple of three, and below one upstream falls back to decimal suffixes for binary too.
  let rest = value;
  let exponent = scale;
  while (exponent % 3 !== 0) {
    rest *= 10n;
    exponent--;
  }
  while (rest % 1000n === 0n && exponent < 18) {
    rest /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  if (format === 'BinarySI' && exponent > 0) {
    rest *= power(exponent);
    exponent = 0;
  }
  return `${rest}${DECIMAL_SUFFIXES[exponent / 3 + 3]}`;
}

const canonical = new Map<string, string>();
const CANONICAL_MAX = 4096;

/**
 * The canonical text of a quantity: `1000m` is `1`, `0.5` is `500m`, `1.5Gi` is `1536Mi`.
 * @throws QuantityError
 */
export function canonicalQuantity(quantity: string | number): string {
  const text = String(quantity);
  const known = canonical.get(text);
  if (known !== undefined) return known;
  const made = formatQuantity(parseQuantity(text));
  if (canonical.size >= CANONICAL_MAX) canonical.clear();
  canonical.set(text, made);
  return made;
}

function atScale({ value, scale }: ExactQuantity, wanted: number): bigint {
  return value * power(scale - wanted);
}

/** -1, 0 or 1. */
export function compareQuantity(a: string | number, b: string | number): number {
  const [one, two] = [parseQuantity(a), parseQuantity(b)];
  const scale = Math.min(one.scale, two.scale);
  const [x, y] = [atScale(one, scale), atScale(two, scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The sum, in the format of the first that is not zero. */
export function addQuantity(a: string | number, b: string | number): string {
  return sum(parseQuantity(a), parseQuantity(b));
}

/** `a` less `b`. */
export function subtractQuantity(a: string | number, b: string | number): string {
  const second = parseQuantity(b);
  return sum(parseQuantity(a), { ...second, value: -second.value });
}

function sum(one: ExactQuantity, two: ExactQuantity): string {
  const scale = Math.min(one.scale, two.scale);
  const format = one.value === 0n ? two.format : one.format;
  let value = atScale(one, scale) + atScale(two, scale);
  let made = scale;
  while (value !== 0n && made < 0 && value % 10n === 0n) {
    value /= 10n;
    made++;
  }
  return formatQuantity({ value, scale: value === 0n ? 0 : made, format });
}

/** As a number of whole units, rounded up (Go's Value()). */
export function quantityToInteger(quantity: string | number): number {
  return Number(roundedUp(parseQuantity(quantity), 0));
}

/** As a number, with its fraction: cores, bytes. Exact up to 2^53. */
export function quantityToNumber(quantity: string | number): number {
  const { value, scale } = parseQuantity(quantity);
  return scale === 0 ? Number(value) : Number(value) / 10 ** -scale;
}

/** In thousandths, rounded up (Go's MilliValue()). */
export function quantityMilli(quantity: string | number): number {
  return Number(roundedUp(parseQuantity(quantity), 3));
}

function roundedUp({ value, scale }: ExactQuantity, places: number): bigint {
  if (scale + places >= 0) return value * power(scale + places);
  const divisor = power(-(scale + places));
  const whole = value / divisor;
  return value > 0n && value % divisor !== 0n ? whole + 1n : whole;
}
