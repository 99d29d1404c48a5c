import { UserError } from '../base/index.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `10s`, `500ms`, `2m`; a bare number counts seconds. @throws UserError when it is none. */
export function durationOf(flag: string, text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text);
  const durationMs = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? 's'] ?? 0);
  if (match && durationMs > 0) return durationMs;
  throw new UserError(flag, `"${text}" is not a duration`, 'Write it as 30s, 500ms, 5m or 2h.', { exitStatus: 2 });
}
