const DURATION = /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d|w))+$/;
const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const BYTES = /^(\d+(?:\.\d+)?)\s*(b|k|kb|kib|m|mb|mib|g|gb|gib|t|tb|tib|p|pb|pib)?$/i;
const POWERS = 'kmgtp';

/** Milliseconds of a compose duration (`1m30s`, `500ms`); undefined for what is none. */
export function durationMs(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (!DURATION.test(trimmed)) return undefined;
  let sum = 0;
  for (const [, count, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d|w)/g)) {
    sum += Number(count) * (UNITS_MS[unit ?? ''] ?? 0);
  }
  return sum;
}

/** Bytes of a compose size (`512m`, `1.5gb`, `1073741824`): every unit counts in 1024s. Undefined for what is none. */
export function bytesOf(text: string): number | undefined {
  const match = BYTES.exec(text.trim());
  if (!match) return undefined;
  const unit = (match[2] ?? 'b').toLowerCase();
  const power = unit === 'b' ? 0 : POWERS.indexOf(unit[0] ?? '') + 1;
  return Math.round(Number(match[1]) * 1024 ** power);
}

/** A Kubernetes quantity of so many bytes, in the largest unit that is exact: `512Mi`. */
export function bytesQuantity(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let unit = 0;
  let rest = bytes;
  while (rest > 0 && rest % 1024 === 0 && unit < units.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${rest}${units[unit]}`;
}

/** A Kubernetes quantity of so many processors: `1`, `500m`; at least `1m`. */
export function processorsQuantity(count: number): string {
  const milli = Math.max(1, Math.round(count * 1000));
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}
