import { UserError } from '../../base/index.ts';

/** An IPv4 range; `first` and `last` are its network and broadcast addresses as numbers. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

/** @throws UserError when `text` is no dotted IPv4 address. */
export function addressNumber(text: string): number {
  const parts = text.split('.');
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) {
    throw new UserError('network', `"${text}" is not an IPv4 address`);
  }
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** @throws UserError when `text` is not `ADDRESS/LENGTH` with a length of 1 to 30. */
export function addressRange(text: string): AddressRange {
  const [address = '', length = ''] = text.split('/');
  const bits = Number(length);
  if (!/^\d+$/.test(length) || bits < 1 || bits > 30) {
    throw new UserError('network', `"${text}" is not a range like 10.244.0.0/16`);
  }
  const size = 2 ** (32 - bits);
  const first = Math.floor(addressNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

export function isInRange(range: AddressRange, address: string): boolean {
  const number = addressNumber(address);
  return number >= range.first && number <= range.last;
}

/**
 * Hands out a range's addresses, the next after the last given, so that an address just freed rests as long as possible
 * and late packets for a gone pod reach nobody. The network address, the gateway and the broadcast address stay out.
 */
export class AddressPool {
  readonly #range: AddressRange;
  readonly #taken = new Set<number>();
  #next: number;

  constructor(range: AddressRange) {
    this.#range = range;
    this.#next = range.first + 2;
  }

  /** The wanted address when it is free and in range, otherwise the next free one. @throws UserError when none is left. */
  take(wanted?: string): string {
    if (wanted !== undefined && this.#isFree(addressNumber(wanted))) return this.#mark(addressNumber(wanted));
    const count = this.#range.last - this.#range.first - 2;
    for (let tried = 0; tried < count; tried++) {
      const candidate = this.#next;
      this.#next = candidate + 1 >= this.#range.last ? this.#range.first + 2 : candidate + 1;
      if (!this.#taken.has(candidate)) return this.#mark(candidate);
    }
    throw new UserError('network', `all ${count} pod addresses are taken`, 'Delete pods, or use a larger pod range.');
  }

  release(address: string): void {
    this.#taken.delete(addressNumber(address));
  }

  #isFree(number: number): boolean {
    return number >= this.#range.first + 2 && number < this.#range.last && !this.#taken.has(number);
  }

  #mark(number: number): string {
    this.#taken.add(number);
    return addressText(number);
  }
}
