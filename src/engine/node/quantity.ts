import type { Quantity } from '../kinds/index.ts';

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number a resource quantity stands for (apimachinery's resource.Quantity); 0 for what is none. */
export function quantityValue(quantity: Quantity | undefined): number {
  if (quantity === undefined) return 0;
  if (typeof quantity === 'number') return quantity;
  const match = /^([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(quantity.trim());
  if (!match) return 0;
  const [, digits = '0', exponent = '', suffix = ''] = match;
  return Number(digits + exponent) * (SUFFIXES[suffix] ?? 1);
}

/** Thousandths, rounded up: how CPU is counted. */
export function quantityMillis(quantity: Quantity | undefined): number {
  return Math.ceil(Number((quantityValue(quantity) * 1000).toFixed(6)));
}

/** `quantity` in units of `divisor`, rounded up: what resourceFieldRef shows. A divisor of 0 or none counts as 1. */
export function quantityIn(value: number, divisor: Quantity | undefined): string {
  const unit = quantityValue(divisor) || 1;
  return String(Math.ceil(Number((value / unit).toFixed(9))));
}
