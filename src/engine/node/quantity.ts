import { isQuantity, type Quantity, quantityMilli, quantityToNumber } from '../kinds/index.ts';

/** The number a resource quantity stands for; 0 for none, or what cannot be read. */
export function quantityValue(quantity: Quantity | undefined): number {
  return quantity !== undefined && isQuantity(quantity) ? quantityToNumber(quantity) : 0;
}

/** Thousandths, rounded up: how CPU is counted. */
export function quantityMillis(quantity: Quantity | undefined): number {
  return quantity !== undefined && isQuantity(quantity) ? quantityMilli(quantity) : 0;
}

/** `quantity` in units of `divisor`, rounded up: what resourceFieldRef shows. A divisor of 0 or none counts as 1. */
export function quantityIn(value: number, divisor: Quantity | undefined): string {
  const unit = quantityValue(divisor) || 1;
  return String(Math.ceil(Number((value / unit).toFixed(9))));
}
