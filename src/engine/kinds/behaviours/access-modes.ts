import type { FieldFault } from '../contract.ts';
import { forbiddenField, notSupported } from '../faults.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX` in upstream's order. */
export function accessModes(modes: readonly string[] | undefined): string {
  return Object.keys(SHORT)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT[mode])
    .join(',');
}

export function validateModes(modes: readonly string[], path: string): FieldFault[] {
  const faults = modes
    .map((mode, index) => ({ mode, index }))
    .filter(({ mode }) => !ACCESS_MODES.includes(mode))
    .map(({ mode }) => notSupported(path, mode, ACCESS_MODES));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    faults.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return faults;
}
